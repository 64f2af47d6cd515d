import type { DockerClient } from "../docker/client";
import { parseJson } from "../../release/records/json";
import { parseVersion } from "../../release/version";
import { ENTRANCE, type Entrance, entrance } from "./entrance";
import { inspectContainer, unlessStopped } from "../docker/containers";
import { Refusal } from "../output";
import type { Expectation } from "./verification";

/** Finds out where users find a stack, for a script that is called by hand and gets no config. */
export async function siteOf(
  docker: DockerClient,
  caddy: string,
  api: string,
  tag: string,
  timeoutSeconds: number,
): Promise<Expectation> {
  return {
    dockerHost: docker.host,
    caddy,
    entrance: (await readEntrance(docker, caddy)) ?? (await inferred(docker, caddy, api)),
    release: parseVersion(tag, true) ?? { tag },
    timeoutSeconds,
  };
}

/**
 * Reads what the last update has written; undefined where no update has written it yet, and where Caddy does not run.
 */
export async function readEntrance(docker: DockerClient, caddy: string): Promise<Entrance | undefined> {
  const asked = ["exec", caddy, "sh", "-c", `[ ! -f ${ENTRANCE} ] || cat ${ENTRANCE}`];
  const text = (await unlessStopped(docker.run(asked))) ?? "";
  return entrance.safeParse(parseJson(text)).data;
}

/** Infers the entrance from the containers of an older stack, which has not written it: a domain, or localhost. */
async function inferred(docker: DockerClient, caddy: string, api: string): Promise<Entrance> {
  const [container, plain, secure] = await Promise.all([
    inspectContainer(docker, api),
    publishedAt(docker, caddy, 80),
    publishedAt(docker, caddy, 443),
  ]);
  const url = container?.Config.Env?.find((entry) => entry.startsWith("CONSOLE_ORIGIN="))?.slice(15) ?? "";
  if (!URL.canParse(url)) throw new Refusal(`${api} does not say where users find it (CONSOLE_ORIGIN=${url})`);
  const { hostname: domain } = new URL(url);
  const local = domain === "localhost";
  return {
    url,
    domain,
    http: { bind: [plain.address], httpPort: plain.port, httpsPort: secure.port },
    schemes: local ? ["http", "https"] : ["https"],
    trust: local ? "caddy" : "public",
    health: { version: "compare" },
  };
}

/** Reads the first line of Docker's answer: `127.0.0.1:80`, `0.0.0.0:80`, `[::]:80`. */
async function publishedAt(docker: DockerClient, caddy: string, port: number) {
  const [first = ""] = (await docker.run(["port", caddy, `${port}/tcp`])).split("\n");
  const [, address = "", published = ""] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(first.trim()) ?? [];
  if (published === "") throw new Refusal(`${caddy} does not publish port ${port}`);
  return { address, port: Number(published) };
}
