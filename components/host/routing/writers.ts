import type { DockerClient } from "../docker/client";
import { containersOf, isUp } from "../docker/containers";
import type { RunningContainer } from "../../release/facts";
import { isOneOf, WRITERS } from "../../release/names";
import { drained, lastingConnections } from "./draining";
import { freeze, isFrozen, thaw } from "../docker/freezing";
import { hasSwitched, type Routing, type RoutingState, whoServes } from "./routing";
import { say } from "../output";

/**
 * Stops writers (api and workers), and notes them first, so that a refused update starts them again. Workers stop first
 * and finish their jobs, while requests are still served; then requests are held, and the api stops. Returns the start
 * of the hold.
 */
export async function stopWriters(
  docker: DockerClient,
  routing: Routing,
  writers: readonly RunningContainer[],
): Promise<number> {
  const apis = await stopWorkers(docker, routing, writers);
  const held = Date.now();
  await holdRequests(docker, routing);
  if (apis.length > 0) await docker.run(["stop", ...apis]);
  say(`requests are held; stopped ${writers.map(({ name }) => name).join(", ")}`);
  return held;
}

/**
 * Stops writers like `stopWriters`, but pauses the api once it has answered its open requests. Stopping it would take
 * until all data is written to the disk, because Docker unmounts the container's file system. A failed restore lets the
 * api go on; a successful one ends it when no request is held any more.
 */
export async function freezeWriters(
  docker: DockerClient,
  routing: Routing,
  writers: readonly RunningContainer[],
): Promise<number> {
  const lasting = await lastingConnections(docker, routing.caddy);
  const apis = await stopWorkers(docker, routing, writers);
  await lasting.settled;
  const held = Date.now();
  await holdRequests(docker, routing);
  await drained(docker, routing.caddy, "api", lasting.connections);
  for (const api of apis) await freeze(docker, api);
  say(`requests are held; frozen ${apis.join(", ") || "nothing"}`);
  return held;
}

/** Holds the requests. The api's are held once Caddy has the pages that it has requested. */
export function holdRequests(docker: DockerClient, routing: Routing): Promise<void> {
  return routing.hold(() => drained(docker, routing.caddy, "console"));
}

/** Notes all writers, then stops the workers. Gives the apis, which still run. */
async function stopWorkers(
  docker: DockerClient,
  routing: Routing,
  writers: readonly RunningContainer[],
): Promise<string[]> {
  const named = (wanted: boolean) => writers.filter(({ role }) => (role === "api") === wanted).map(({ name }) => name);
  const [apis, workers] = [named(true), named(false)];
  await routing.noteStopped([...apis, ...workers]);
  if (workers.length > 0) await docker.run(["stop", ...workers]);
  return apis;
}

/**
 * Takes back a change of release that had stopped the old writers. It stops the writers of the refused release, which
 * cannot run beside the old one, starts the old writers again, and routes the requests to them. Requests to the refused
 * release are held meanwhile: a kill in between leaves them held, and no later run starts both releases. Where no
 * writer was stopped, or none is left, it ends a hold. Gives the containers that run again.
 */
export async function restartPrevious(docker: DockerClient, routing: Routing, stack: string): Promise<string[]> {
  const state = await routing.stateIfRunning();
  if (state === undefined) return [];
  const containers = state.stoppedWriters.length === 0 ? [] : await containersOf(docker, stack);
  const noted = notedOf(state, containers);
  if (noted.length === 0) {
    await endHold(routing);
    return [];
  }
  if (hasSwitched(state)) await holdRequests(docker, routing);
  const refused = containers
    .filter((container) => isUp(container) && isOneOf(WRITERS, container.role) && !noted.includes(container))
    .map(({ name }) => name);
  if (refused.length > 0) await docker.run(["stop", ...refused]);
  const restarted = await startAgain(docker, state, noted);
  await routing.routeBack();
  await routing.clearMarks();
  return restarted;
}

/**
 * Ends a hold during which no writer was stopped, and says whether there was one. It also removes the note that makes a
 * cutover immediate, so that no later update follows it.
 */
export async function endHold(routing: Routing): Promise<boolean> {
  await routing.requestImmediateCutover(false);
  const routes = await routing.endHold();
  if (routes === undefined) return false;
  say(`requests go to ${routes.api} and ${routes.console} again`);
  return true;
}

/**
 * Starts the stopped containers of one release again. Those of other releases stay noted. Gives the containers that run
 * again.
 */
export async function restartStoppedOf(
  docker: DockerClient,
  routing: Routing,
  stack: string,
  version: string,
): Promise<string[]> {
  const state = await routing.stateIfRunning();
  if (state === undefined) return [];
  const noted = (await containersOf(docker, stack)).filter(
    (container) => state.stoppedWriters.includes(container.name) && container.version === version,
  );
  return startAgain(docker, state, noted);
}

/**
 * Gives the noted containers of the serving release that still exist. Killed updates may have stopped the writers of
 * two releases, one after the other, and two releases must not work on one database.
 */
function notedOf(state: RoutingState, containers: readonly RunningContainer[]): RunningContainer[] {
  const serving = containers.find(({ name }) => name === whoServes(state).api)?.version;
  return containers.filter(
    ({ name, version }) => state.stoppedWriters.includes(name) && (serving === undefined || version === serving),
  );
}

/**
 * Starts a container again. A container that still runs may be stopping, after a stop whose client was killed, so it is
 * stopped completely first. Only an api that receives requests is certainly not stopping.
 */
async function startAgain(
  docker: DockerClient,
  { previous }: RoutingState,
  noted: readonly RunningContainer[],
): Promise<string[]> {
  const restarted: string[] = [];
  for (const container of noted) {
    const { name, role } = container;
    if (isFrozen(container)) {
      await thaw(docker, name);
      restarted.push(name);
      continue;
    }
    if (isUp(container)) {
      if (role === "api" && previous === undefined) continue;
      await docker.run(["stop", name]);
    }
    await docker.run(["start", name]);
    restarted.push(name);
  }
  return restarted;
}

/** What the run after a killed update knows. */
interface Killed {
  /** Tag of the release that will serve; undefined where an operator only wants the requests answered again. */
  readonly target: string | undefined;
  /** Says whether the database still fits a release. */
  readonly fits: (version: string) => Promise<boolean>;
}

/**
 * Takes back an update that was killed after it had begun to stop a release: when that release will serve on, and,
 * before the requests are switched, also when it still fits the database. Otherwise requests would be held during all
 * of the next attempt, its backup included; that attempt stops the release again in time. Gives the containers that run
 * again.
 */
export async function resumeInterrupted(
  docker: DockerClient,
  routing: Routing,
  stack: string,
  { target, fits }: Killed,
): Promise<string[]> {
  const state = await routing.stateIfRunning();
  if (state === undefined) return [];
  if (state.stoppedWriters.length > 0) {
    const noted = notedOf(state, await containersOf(docker, stack));
    const version = noted.find(({ role }) => role === "api")?.version;
    if (version === undefined) return [];
    const waits = !hasSwitched(state) && (target === undefined || (await fits(version)));
    if (version !== target && !waits) return [];
  }
  return restartPrevious(docker, routing, stack);
}
