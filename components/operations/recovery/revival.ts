import type { DockerClient } from "../../host/docker/client";
import { isOneOf, namesOf, STARTED_FIRST } from "../../release/names";
import { postgresHealthcheck } from "../../host/docker/healthchecks";
import { receivers, Routing, type RoutingState } from "../../host/routing/routing";
import { onDockerError, unlessDockerFails } from "../../host/docker/errors";
import { containersOf, isRunning } from "../../host/docker/containers";
import type { NotStarted, RunningContainer } from "../../release/facts";

/** A database that was not shut down replays its log first. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 500;
const PROBE_SECONDS = 10;

/** What an update found stopped, and has started or could not start. */
export interface Revival {
  /** Names. */
  readonly started: readonly string[];
  readonly failed: readonly NotStarted[];
}

/**
 * Starts what should run and was stopped, before an update looks at the host: the plan is read out of the database, the
 * proxy knows which containers serve, and they are to serve during the update. After its own crash the engine finds its
 * containers alive, stops them, and takes that for an operator's wish: https://github.com/moby/moby/issues/41302. What
 * is starting, or was never started, is left alone; so is what an update has stopped. Where no proxy can be asked, as on
 * a first installation that was refused, no container serves. What Docker cannot start (its port is taken, its directory
 * gone) is for the plan to judge.
 */
export async function revive(docker: DockerClient, stack: string): Promise<Revival> {
  const containers = await containersOf(docker, stack);
  const stopped = containers.filter(({ state }) => state === "exited");
  const first = stopped.filter(({ role }) => isOneOf(STARTED_FIRST, role));
  const rest = stopped.filter(({ role }) => !isOneOf(STARTED_FIRST, role));
  const needed = await start(docker, first);
  const { postgres, caddy } = namesOf(stack).containers;
  await databaseAnswers(docker, postgres);
  if (rest.length === 0) return needed;
  // Where the proxy is missing, stopped or dying, no container receives requests.
  const state = await unlessDockerFails(Routing.of(docker, caddy).state(), undefined);
  if (state === undefined) return needed;
  const others = await start(docker, rest.filter(shouldRun(state, containers)));
  return { started: [...needed.started, ...others.started], failed: [...needed.failed, ...others.failed] };
}

/** One at a time: one that cannot be started keeps no other from it. */
async function start(docker: DockerClient, containers: readonly RunningContainer[]): Promise<Revival> {
  const started: string[] = [];
  const failed: NotStarted[] = [];
  for (const { name, role } of containers) {
    const reason = await complaintOf(docker.run(["start", name]));
    if (reason === undefined) started.push(name);
    else failed.push({ name, role, reason });
  }
  return { started, failed };
}

/** What Docker says against it; undefined when it is done. */
async function complaintOf(asked: Promise<unknown>): Promise<string | undefined> {
  return onDockerError(
    asked.then(() => undefined),
    ({ stderr }) => stderr.trim(),
  );
}

/** Without a database that runs there is nothing to wait for. One that does not come up is what the inspection finds. */
async function databaseAnswers(docker: DockerClient, postgres: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    if (!(await isRunning(docker, postgres))) return;
    const ready = docker.run(["exec", postgres, ...postgresHealthcheck.test.slice(1)], "", PROBE_SECONDS);
    if (
      await unlessDockerFails(
        ready.then(() => true),
        false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/**
 * Selects the containers that receive the requests or are to receive them again, and the workers of the same release; not
 * what an update has stopped, nor the workers of an api that it has stopped.
 */
export function shouldRun(
  state: RoutingState,
  containers: readonly RunningContainer[],
): (container: RunningContainer) => boolean {
  const { stoppedWriters: stopped } = state;
  const { api, console } = receivers(state);
  const release = stopped.includes(api) ? undefined : containers.find(({ name }) => name === api)?.version;
  return ({ name, role, version }) =>
    ([api, console].includes(name) || (role === "worker" && version === release)) && !stopped.includes(name);
}
