import type { DockerClient } from "../../components/docker/client";
import { parseVersion } from "../../components/release/version";
import { inspectContainer } from "./containers";
import { Refusal } from "./run";
import type { Expectation } from "./verification";

/** Where users find a stack, read off its containers: a script that is called by hand is told no config. */
export async function siteOf(
  docker: DockerClient,
  caddy: string,
  api: string,
  tag: string,
  timeoutSeconds: number,
): Promise<Expectation> {
  const [container, plain, secure] = await Promise.all([
    inspectContainer(docker, api),
    publishedAt(docker, caddy, 80),
    publishedAt(docker, caddy, 443),
  ]);
  const origin = container?.Config.Env?.find((entry) => entry.startsWith("CONSOLE_ORIGIN="))?.slice(15) ?? "";
  if (!URL.canParse(origin)) throw new Refusal(`${api} does not say where users find it (CONSOLE_ORIGIN=${origin})`);
  return {
    dockerHost: docker.host,
    caddy,
    domain: new URL(origin).hostname,
    http: { bind: plain.address, httpPort: plain.port, httpsPort: secure.port },
    release: parseVersion(tag, true) ?? { tag },
    timeoutSeconds,
  };
}

/** `127.0.0.1:80`, `0.0.0.0:80`, `[::]:80`: the first of the lines that Docker gives. */
async function publishedAt(docker: DockerClient, caddy: string, port: number) {
  const [first = ""] = (await docker.run(["port", caddy, `${port}/tcp`])).split("\n");
  const [, address = "", published = ""] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(first.trim()) ?? [];
  if (published === "") throw new Refusal(`${caddy} does not publish port ${port}`);
  return { address, port: Number(published) };
}
