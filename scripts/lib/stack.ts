import type { DockerClient } from "../../components/docker/client";
import { LABEL } from "../../components/docker/labels";
import { containersOf } from "../../components/host/containers";
import type { RunningContainer } from "../../components/host/facts";
import { RELEASED } from "../../components/release/restarts";
import { lines } from "./database";
import { readPointers } from "./pointers";
import { Refusal } from "./run";

/** Services that have versions of their own. */
const OWN_VERSION = ["postgres", "caddy"];

/** A stack as its containers show it. */
export interface RunningStack {
  readonly stack: string;
  readonly postgres: string;
  /** Tag of the release that serves; undefined when nothing does. */
  readonly version: string | undefined;
  /** Id of the image behind each running service. */
  readonly images: Record<string, string>;
}

/** The stack of that name, or the only one there is. */
export async function findStack(docker: DockerClient, asked: string | undefined): Promise<RunningStack> {
  const stack = asked ?? (await onlyStack(docker));
  const all = await containersOf(docker, stack);
  const containers = all.filter(({ running }) => running);
  const postgres = containers.find(({ role }) => role === "postgres");
  const stopped = all.find(({ role }) => role === "postgres");
  if (postgres === undefined && stopped !== undefined)
    throw new Refusal(`The database does not run.\nNext: start it with: docker start ${stopped.name}`);
  if (postgres === undefined)
    throw new Refusal(
      `No database of the stack ${stack} runs on ${docker.host}.\nNext: docker ps --all --filter label=${LABEL}.stack`,
    );
  const serving = await servingApi(docker, containers);
  // Not of a rehearsal or a drill, nor of a release that was refused and runs beside the one that serves.
  const services = containers.filter(
    ({ role, version }) => OWN_VERSION.includes(role) || (RELEASED.includes(role) && version === serving?.version),
  );
  const images = services.map(({ role, imageId }) => [role, imageId] as const);
  return {
    stack,
    postgres: postgres.name,
    version: serving?.version,
    images: { ...Object.fromEntries(images), ...(serving && { api: serving.imageId }) },
  };
}

async function onlyStack(docker: DockerClient): Promise<string> {
  const filter = ["--filter", `label=${LABEL}.role=postgres`];
  const names = [...new Set(lines(await docker.run(["ps", ...filter, "--format", `{{.Label "${LABEL}.stack"}}`])))];
  const [only] = names;
  if (only === undefined)
    throw new Refusal(`No NestFleet runs on ${docker.host}.\nNext: name another host with --docker-host`);
  if (names.length > 1)
    throw new Refusal(`Several stacks run on ${docker.host}: ${names.join(", ")}.\nNext: name one with --stack`);
  return only;
}

/** While two run side by side, the proxy knows which one serves. */
async function servingApi(
  docker: DockerClient,
  containers: readonly RunningContainer[],
): Promise<RunningContainer | undefined> {
  const apis = containers.filter(({ role }) => role === "api");
  const caddy = containers.find(({ role }) => role === "caddy");
  const pointers = caddy && (await readPointers(docker, caddy.name).catch(() => undefined));
  return apis.find(({ name }) => name === pointers?.api) ?? (apis.length === 1 ? apis[0] : undefined);
}
