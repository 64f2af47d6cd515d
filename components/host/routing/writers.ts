import type { DockerClient } from "../docker/client";
import { containersOf, isUp } from "../docker/containers";
import type { RunningContainer } from "../../release/facts";
import { BEFORE, NOBODY, PAUSED, SWITCH_FIRST } from "./files";
import { inspectContainer } from "../docker/inspection";
import { drained, lastingConnections } from "./draining";
import { freeze, isFrozen, thaw } from "../docker/freezing";
import { holdRequests, readBefore, readPointers, sendBack, withdraw } from "./pointers";
import { say } from "../output";

/** The services that write to the database. */
export const WRITERS: readonly string[] = ["api", "worker"];

/**
 * Stops writers, having noted which: whoever refuses starts them again. Workers first, which may have jobs in hand,
 * while requests are still served; then requests wait, and the api stops. Returns since when they wait.
 */
export async function stopWriters(
  docker: DockerClient,
  caddy: string,
  writers: readonly RunningContainer[],
): Promise<number> {
  const apis = await stopWorkers(docker, caddy, writers);
  const held = Date.now();
  await holdRequests(docker, caddy);
  if (apis.length > 0) await docker.run(["stop", ...apis]);
  say(`requests are held; stopped ${writers.map(({ name }) => name).join(", ")}`);
  return held;
}

/**
 * The same, but for the api: once what it had in hand is answered, it stands still where it is. To stop it would take
 * until the disk has taken everything that was written to it: the engine unmounts the container's file system. Whoever
 * refuses lets it run again; whoever does not, ends it when nobody waits for that.
 */
export async function freezeWriters(
  docker: DockerClient,
  caddy: string,
  writers: readonly RunningContainer[],
): Promise<number> {
  const lasting = await lastingConnections(docker, caddy);
  const apis = await stopWorkers(docker, caddy, writers);
  await lasting.settled;
  const held = Date.now();
  await holdRequests(docker, caddy);
  await drained(docker, caddy, "api", lasting.connections);
  for (const api of apis) await freeze(docker, api);
  say(`requests are held; frozen ${apis.join(", ") || "nothing"}`);
  return held;
}

/** Having noted all of them. Gives the apis, which run on. */
async function stopWorkers(
  docker: DockerClient,
  caddy: string,
  writers: readonly RunningContainer[],
): Promise<string[]> {
  const named = (wanted: boolean) => writers.filter(({ role }) => (role === "api") === wanted).map(({ name }) => name);
  const [apis, workers] = [named(true), named(false)];
  await notePaused(docker, caddy, [...apis, ...workers]);
  if (workers.length > 0) await docker.run(["stop", ...workers]);
  return apis;
}

/** Before they are stopped, and beside those that an attempt before has noted. */
async function notePaused(docker: DockerClient, caddy: string, names: readonly string[]): Promise<void> {
  const noted = [...new Set([...(await paused(docker, caddy)), ...names])];
  await docker.run(
    ["exec", "-i", caddy, "sh", "-c", `cat > ${PAUSED}.new && mv ${PAUSED}.new ${PAUSED}`],
    noted.join("\n"),
  );
}

/**
 * Takes a change of release back that had stopped the writers before: stops those of the refused release, which cannot
 * run beside the old one, starts again what was stopped, and sends the requests there. Does nothing where nothing was.
 * Gives what runs again.
 */
export async function takeBack(docker: DockerClient, caddy: string, stack: string): Promise<string[]> {
  const names = await paused(docker, caddy);
  if (names.length === 0) {
    await endHold(docker, caddy);
    return [];
  }
  const containers = await containersOf(docker, stack);
  const refused = containers.filter(
    (container) => isUp(container) && WRITERS.includes(container.role) && !names.includes(container.name),
  );
  if (refused.length > 0) await docker.run(["stop", ...refused.map(({ name }) => name)]);
  const noted = containers.filter(({ name }) => names.includes(name));
  const resumed = await startPaused(docker, caddy, noted);
  await sendBack(docker, caddy);
  await forget(docker, caddy);
  return resumed;
}

/**
 * Sends requests back that are held though nothing was stopped: while postgres was replaced. Not those of an update that
 * has noted whom it stopped: that is taken back as a whole. True where there were any.
 */
export async function endHold(docker: DockerClient, caddy: string): Promise<boolean> {
  if (!(await runs(docker, caddy)) || (await readPointers(docker, caddy)).api !== NOBODY) return false;
  const [names, before] = await Promise.all([paused(docker, caddy), readBefore(docker, caddy)]);
  if (names.length > 0 || before === undefined) return false;
  await sendBack(docker, caddy);
  say(`requests go to ${before.api} and ${before.console} again`);
  return true;
}

/** Starts those of a release that were stopped. What was noted of others stays as it is. Gives what runs again. */
export async function resumeRelease(
  docker: DockerClient,
  caddy: string,
  stack: string,
  version: string,
): Promise<string[]> {
  const names = await paused(docker, caddy);
  const noted = (await containersOf(docker, stack)).filter(
    (container) => names.includes(container.name) && container.version === version,
  );
  return startPaused(docker, caddy, noted);
}

/**
 * One that still runs may be on its way down, by a stop whose client was killed: it is stopped for good first. Only an
 * api that requests are sent to has certainly not been asked to stop.
 */
async function startPaused(docker: DockerClient, caddy: string, noted: readonly RunningContainer[]): Promise<string[]> {
  const held = (await runs(docker, caddy)) && (await readBefore(docker, caddy)) !== undefined;
  const resumed: string[] = [];
  for (const container of noted) {
    const { name, role } = container;
    if (isFrozen(container)) {
      await thaw(docker, name);
      resumed.push(name);
      continue;
    }
    if (isUp(container)) {
      if (role === "api" && !held) continue;
      await docker.run(["stop", name]);
    }
    await docker.run(["start", name]);
    resumed.push(name);
  }
  return resumed;
}

/** An update that was killed, and what comes after it. */
export interface Killed {
  /** Tag of the release that is to serve; undefined where only the requests are to be answered again, by hand. */
  readonly target: string | undefined;
  /** Whether the database is still as a release has left it. */
  readonly fits: (version: string) => Promise<boolean>;
}

/**
 * Takes an update back that was killed after it had stopped a release: when that one is to serve on; and while requests
 * are held, when it can, for they would wait for all of the next attempt, its backup included, and that stops it again in
 * time. Gives what runs again.
 */
export async function resume(
  docker: DockerClient,
  caddy: string,
  stack: string,
  { target, fits }: Killed,
): Promise<string[]> {
  const names = await paused(docker, caddy);
  if (names.length === 0) {
    await endHold(docker, caddy);
    return [];
  }
  const noted = (await containersOf(docker, stack)).filter(({ name }) => names.includes(name));
  const version = noted.find(({ role }) => role === "api")?.version;
  if (version === undefined) return [];
  const held = (await readPointers(docker, caddy)).api === NOBODY;
  const serves = version === target || (held && (target === undefined || (await fits(version))));
  return serves ? takeBack(docker, caddy, stack) : [];
}

/** The update is over: nothing is to be started again, and nothing to be hurried. */
export async function forget(docker: DockerClient, caddy: string): Promise<void> {
  if (await runs(docker, caddy)) await docker.run(["exec", caddy, "rm", "-f", PAUSED, SWITCH_FIRST]);
}

/**
 * The update has succeeded: nothing of it is taken back any more. All at once, and what was stopped first: whoever comes
 * after a kill in the middle must not start that again beside the release that serves.
 */
export async function forgetUpdate(docker: DockerClient, caddy: string): Promise<void> {
  await withdraw(docker, caddy, `rm -f ${PAUSED} ${SWITCH_FIRST} ${BEFORE}`);
}

/** The migrations may break the release that serves: the new one takes the requests before it has been watched. */
export async function hurry(docker: DockerClient, caddy: string, wanted: boolean): Promise<void> {
  const change = wanted ? ["touch"] : ["rm", "-f"];
  if (await runs(docker, caddy)) await docker.run(["exec", caddy, ...change, SWITCH_FIRST]);
}

export async function hurried(docker: DockerClient, caddy: string): Promise<boolean> {
  const asked = ["exec", caddy, "sh", "-c", `[ ! -f ${SWITCH_FIRST} ] || echo yes`];
  return (await docker.run(asked)).trim() === "yes";
}

/** Whom an update has stopped to come back to, by name. */
export async function paused(docker: DockerClient, caddy: string): Promise<string[]> {
  if (!(await runs(docker, caddy))) return [];
  const names = await docker.run(["exec", caddy, "sh", "-c", `[ ! -f ${PAUSED} ] || cat ${PAUSED}`]);
  return names.trim().split("\n").filter(Boolean);
}

export async function runs(docker: DockerClient, caddy: string): Promise<boolean> {
  return (await inspectContainer(docker, caddy))?.State.Running === true;
}
