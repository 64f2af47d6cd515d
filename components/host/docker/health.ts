import { z } from "zod";
import type { DockerClient } from "./client";
import { type Container, inspectContainer, inspectContainers } from "./containers";
import { type DockerError, onDockerError } from "./errors";
import { sleep } from "../output";

/** A container, and how its health is checked. */
export const target = z.strictObject({
  container: z.string(),
  /** The command of the healthcheck. Without it, the health that Docker reports counts, or that the container runs. */
  probe: z.array(z.string()).optional(),
});
export type Target = z.infer<typeof target>;

/**
 * The shortest and the longest pause before a probe, which starts a process in a new container while another release
 * serves. In between, a pause is a tenth of the time so far: a long migration is probed less often.
 */
const [SHORTEST_MS, LONGEST_MS] = [400, 2000];
/** A container that has run this long is probed without a pause: it is not starting. */
const STARTED_SECONDS = 2;
/** A probe that takes longer has failed. */
const PROBE_SECONDS = 10;
/** A container without any healthcheck counts as working when it has run this long. */
const SETTLED_SECONDS = 5;
/** A restart that is longer ago says nothing about the present update. */
const OLD_RESTART_SECONDS = 60;

interface Patience {
  readonly timeoutSeconds: number;
  /** Gives a value that changes with each sign of progress; it is read when the time is over. */
  readonly progress?: (() => Promise<unknown>) | undefined;
  /** Ends the waiting before the next probe. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits until the container is healthy, for `timeoutSeconds`, and as long again whenever there was progress meanwhile.
 * Gives undefined when it is healthy, else the reason why it is not. A container that an earlier, refused update
 * stopped is started again: the cause of the refusal may have been fixed meanwhile.
 */
export async function waitUntilHealthy(
  docker: DockerClient,
  asked: Target,
  { timeoutSeconds, progress = () => Promise.resolve(), signal }: Patience,
): Promise<string | undefined> {
  const begun = Date.now();
  let deadline = begun + timeoutSeconds * 1000;
  const up = await startAgain(docker, asked.container);
  let reached = await progress();
  for (let first = true; ; first = false) {
    if (!first || up < STARTED_SECONDS) await sleep(pauseAfter(Date.now() - begun));
    signal?.throwIfAborted();
    const container = await inspectContainer(docker, asked.container);
    const death = causeOfDeath(container);
    if (death !== undefined) return death;
    const complains = await probe(docker, asked, container);
    if (complains === undefined) return undefined;
    if (Date.now() <= deadline) continue;
    const now = await progress();
    if (now === reached) return `it was not healthy within ${Math.round(timeoutSeconds)} s: ${complains}`;
    reached = now;
    deadline = Date.now() + timeoutSeconds * 1000;
  }
}

/** Milliseconds until the next probe. */
function pauseAfter(elapsed: number): number {
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, elapsed / 10));
}

/**
 * Starts a stopped container. Only that is `exited`: after an exit by itself, the restart policy makes it `restarting`.
 * Gives the seconds for which the container has run.
 */
async function startAgain(docker: DockerClient, id: string): Promise<number> {
  const container = await inspectContainer(docker, id);
  if (container?.State.Status === "exited") await docker.run(["start", id]);
  return container?.State.Running === true ? uptime(container) : 0;
}

/** Says why a container does not work any more; undefined while it may still become healthy. */
export function causeOfDeath(container: Container | undefined): string | undefined {
  if (container === undefined) return "it was removed while the gate waited";
  const { State: state, RestartCount: restarts } = container;
  if (state.OOMKilled) return "it was killed for using more memory than its limit";
  if (!state.Running || state.Restarting) return `it exited with code ${state.ExitCode}`;
  if (restarts > 0 && uptime(container) < OLD_RESTART_SECONDS) return `it exited and was restarted ${restarts} times`;
  return undefined;
}

/**
 * Gives a function that says why one of the containers that run now does not run any more. Only this finds a container
 * that exits and is restarted: Caddy waits for it, and every answer stays good.
 */
export async function watch(docker: DockerClient, ids: readonly string[]): Promise<() => Promise<string | undefined>> {
  const begun = new Map((await inspectContainers(docker, ids)).map(({ Id, State }) => [Id, State.StartedAt]));
  return async () => {
    const now = await inspectContainers(docker, ids);
    if (now.length < ids.length) return "a container was removed meanwhile";
    for (const container of now) {
      const { Id: id, Name: name, State: state } = container;
      if (state.Running && !state.Restarting && state.StartedAt === begun.get(id)) continue;
      return `${name.slice(1)} does not stay up: ${causeOfDeath(container) ?? "it was started again"}`;
    }
    return undefined;
  };
}

/** Gives undefined when the container works, else the reason why not. */
async function probe(
  docker: DockerClient,
  asked: Target,
  container: Container | undefined,
): Promise<string | undefined> {
  if (asked.probe !== undefined) return probeItself(docker, asked.container, asked.probe);
  const health = container?.State.Health;
  if (health !== undefined)
    return health.Status === "healthy"
      ? undefined
      : `its healthcheck says ${health.Log?.at(-1)?.Output.trim() ?? health.Status}`;
  return container !== undefined && uptime(container) >= SETTLED_SECONDS ? undefined : "it has only just started";
}

/** Runs the healthcheck at once instead of waiting for Docker's next check. */
async function probeItself(
  docker: DockerClient,
  container: string,
  [kind, ...command]: string[],
): Promise<string | undefined> {
  if (kind !== "CMD") throw new Error(`a healthcheck starts with CMD, not ${String(kind)}`);
  const passed = docker.run(["exec", container, ...command], "", PROBE_SECONDS).then(() => undefined);
  return onDockerError(passed, lastLine);
}

/** Gives the seconds since the start; by the clock of this machine where the time of the Docker host is not known. */
function uptime({ upSeconds, State: { StartedAt: startedAt } }: Container): number {
  return upSeconds ?? (Date.now() - Date.parse(startedAt)) / 1000;
}

/** Gives the last line that a failed healthcheck wrote; pg_isready complains on standard output. */
function lastLine({ stdout, stderr, exitCode }: DockerError): string {
  const last = `${stdout}\n${stderr}`.trim().split("\n").at(-1);
  return last === undefined || last === "" ? `its healthcheck exits with code ${exitCode ?? "unknown"}` : last;
}
