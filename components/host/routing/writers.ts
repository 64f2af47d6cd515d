import type { DockerClient } from "../docker/client";
import { containersOf, isUp } from "../docker/containers";
import type { RunningContainer } from "../../release/facts";
import { isOneOf, WRITERS } from "../../release/names";
import { drained, lastingConnections } from "./draining";
import { freeze, isFrozen, thaw } from "../docker/freezing";
import { hasSwitched, type Routing, type RoutingState, whoServes } from "./routing";
import { say } from "../output";

/**
 * Stops writers, having noted which: a refused update starts them again. Workers first, which may have jobs in hand,
 * while requests are still served; then requests wait, and the api stops. Returns since when they wait.
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
 * Stops writers like `stopWriters`, but pauses the api once it has answered what it had in hand. To stop the api would
 * take until the disk has taken everything that was written to it: the engine unmounts the container's file system. A
 * restore that fails lets the api run on; one that succeeds ends it when no request waits for that.
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

/** Holds the requests, once the pages that Caddy has asked for are answered. */
export function holdRequests(docker: DockerClient, routing: Routing): Promise<void> {
  return routing.hold(() => drained(docker, routing.caddy, "console"));
}

/** Notes all of the writers first. Gives the apis, which run on. */
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
 * Takes a change of release back that had stopped the writers before: stops those of the refused release, which cannot
 * run beside the old one, starts again what was stopped, and routes the requests there. Requests that go to the refused
 * release wait meanwhile: a run that is killed in between leaves them held, and no later one starts both releases. Where
 * no writer was stopped, or none is left, it ends a hold. Gives the containers that run again.
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
 * Ends a hold during which no writer was stopped. Gives whether there was any. No later update makes its cutover at once
 * for the sake of the one that is over.
 */
export async function endHold(routing: Routing): Promise<boolean> {
  await routing.requestImmediateCutover(false);
  const routes = await routing.endHold();
  if (routes === undefined) return false;
  say(`requests go to ${routes.api} and ${routes.console} again`);
  return true;
}

/**
 * Starts the containers of a release again that an update has stopped. Others stay noted. Gives the containers that run
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
 * Gives the noted containers that still exist. Killed updates may have stopped the writers of two releases, one after
 * the other: only those of the release that serves may run, since two releases may not work on one database.
 */
function notedOf(state: RoutingState, containers: readonly RunningContainer[]): RunningContainer[] {
  const serving = containers.find(({ name }) => name === whoServes(state).api)?.version;
  return containers.filter(
    ({ name, version }) => state.stoppedWriters.includes(name) && (serving === undefined || version === serving),
  );
}

/**
 * A container that still runs may be on its way down, by a stop whose client was killed: it is stopped for good first.
 * Only an api that requests are sent to has certainly not been asked to stop.
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

/** An update that was killed, and what comes after it. */
interface Killed {
  /** Tag of the release that is to serve; undefined where only the requests are to be answered again, by hand. */
  readonly target: string | undefined;
  /** Whether the database is still as a release has left it. */
  readonly fits: (version: string) => Promise<boolean>;
}

/**
 * Takes an update back that was killed after it had begun to stop a release: when that release is to serve on; and until
 * the requests have been switched, when it still fits the database. Otherwise they would wait for all of the next
 * attempt, its backup included, and that attempt stops the release again in time. Gives the containers that run again.
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
