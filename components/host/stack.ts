import type { DockerClient } from "./docker/client";
import { isOneOf, isReleased, LABELS, OWN_VERSION } from "../release/names";
import { unlessDockerFails } from "./docker/errors";
import { containersOf } from "./docker/containers";
import type { RunningContainer } from "../release/facts";
import { docker as command } from "../release/commands";
import { lines } from "./database/database";
import { Routing, whoServes } from "./routing/routing";
import { Refusal } from "./output";

/** A stack as its containers show it. */
export interface RunningStack {
  readonly stack: string;
  readonly postgres: string;
  /** Tag of the release that serves; undefined when nothing does. */
  readonly version: string | undefined;
  /** Id of the image behind each service. */
  readonly images: Record<string, string>;
}

/** Finds the stack of that name, or the only one on the Docker host. */
export async function findStack(docker: DockerClient, asked: string | undefined): Promise<RunningStack> {
  const stack = asked ?? (await onlyStack(docker));
  const all = await containersOf(docker, stack);
  const containers = all.filter(({ running }) => running);
  const postgres = containers.find(({ role }) => role === "postgres");
  const stopped = all.find(({ role }) => role === "postgres");
  if (postgres === undefined && stopped !== undefined)
    throw new Refusal(
      `The database does not run.\nNext: start it with: ${command(docker.host, `start ${stopped.name}`)}`,
    );
  if (postgres === undefined)
    throw new Refusal(
      `No database of the stack ${stack} runs on ${docker.host}.\nNext: ${command(docker.host, `ps --all --filter label=${LABELS.stack}`)}`,
    );
  const serving = await servingApi(docker, all);
  // Not the containers of a rehearsal or a drill, nor of a refused release beside the one that serves. Running
  // containers come last, so they count: a stopped one may be left from an earlier release.
  const services = [...all]
    .sort((one, other) => Number(one.running) - Number(other.running))
    .filter(
      ({ role, version, running }) =>
        (isOneOf(OWN_VERSION, role) && running) || (isReleased(role) && version === serving?.version),
    );
  const images = services.map(({ role, imageId }) => [role, imageId] as const);
  return {
    stack,
    postgres: postgres.name,
    version: serving?.version,
    images: { ...Object.fromEntries(images), ...(serving && { api: serving.imageId }) },
  };
}

/** Gives the only stack whose database runs on the Docker host. */
export async function onlyStack(docker: DockerClient): Promise<string> {
  const filter = ["--filter", `label=${LABELS.role}=postgres`];
  const names = [...new Set(lines(await docker.run(["ps", ...filter, "--format", `{{.Label "${LABELS.stack}"}}`])))];
  const [only] = names;
  if (only === undefined)
    throw new Refusal(`No NestFleet runs on ${docker.host}.\nNext: name another host with --docker-host`);
  if (names.length > 1)
    throw new Refusal(`Several stacks run on ${docker.host}: ${names.join(", ")}.\nNext: name one with --stack`);
  return only;
}

/**
 * Gives the api that Caddy sends requests to. While Caddy holds the requests, or before the verdict on a cutover, this
 * is the previous api, which may be paused meanwhile. Where Caddy does not answer, it is the only api that runs.
 */
async function servingApi(
  docker: DockerClient,
  containers: readonly RunningContainer[],
): Promise<RunningContainer | undefined> {
  const apis = containers.filter(({ role }) => role === "api");
  const caddy = containers.find(({ role, running }) => role === "caddy" && running);
  const state = caddy && (await unlessDockerFails(Routing.of(docker, caddy.name).state(), undefined));
  const running = apis.filter((api) => api.running);
  return (
    apis.find(({ name }) => state !== undefined && name === whoServes(state).api) ??
    (running.length === 1 ? running[0] : undefined)
  );
}
