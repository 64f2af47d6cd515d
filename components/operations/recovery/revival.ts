import type { DockerClient } from "../../host/docker/client";
import { isOneOf, namesOf, STARTED_FIRST } from "../../release/names";
import { postgresHealthcheck } from "../../host/docker/healthchecks";
import { receivers, Routing, type RoutingState } from "../../host/routing/routing";
import { onDockerError, unlessDockerFails } from "../../host/docker/errors";
import { containersOf, isRunning } from "../../host/docker/containers";
import type { NotStarted, RunningContainer } from "../../release/facts";

/** Time for the database to answer: one that was not shut down in order replays its log first. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 500;
const PROBE_SECONDS = 10;

/** The containers that an update found stopped. */
export interface Revival {
  /** Names of those that it has started. */
  readonly started: readonly string[];
  readonly failed: readonly NotStarted[];
}

/**
 * Starts stopped containers that should run, before an update looks at the Docker host: the plan needs the database,
 * the proxy knows which containers serve, and these must serve during the update. Docker itself may have stopped them:
 * after a crash it finds its containers alive, stops them, and then treats them as stopped by an operator:
 * https://github.com/moby/moby/issues/41302. A container that is starting, was never started, or was stopped by an
 * update is left alone. If the proxy does not answer, as after a refused first installation, no container serves. The
 * plan decides about a container that Docker cannot start, because its port is taken or its directory is missing.
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

/** Starts the containers one at a time. If one cannot be started, the others are started nevertheless. */
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

/** Gives Docker's error; undefined on success. */
async function complaintOf(asked: Promise<unknown>): Promise<string | undefined> {
  return onDockerError(
    asked.then(() => undefined),
    ({ stderr }) => stderr.trim(),
  );
}

/** Waits until the database answers, if it runs. The inspection that follows reports a database that does not answer. */
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
 * Selects the containers that receive the requests or will receive them again, and the workers of the same release. Leaves
 * out the containers that an update has stopped, and the workers of an api that it has stopped.
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
