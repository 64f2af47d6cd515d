import type { DockerClient } from "./client";
import { onDockerError, unlessGone } from "./errors";
import type { RunningContainer } from "../../release/facts";

/** Docker's word for the state. */
const FROZEN = "paused";

/** Docker's words for a container that is paused already, or does not run. */
const STANDS_STILL = /is already paused|is not running|no such container/i;
/** Docker's words for a container that is not paused. */
const NOT_FROZEN = /is not paused|is not running|no such container/i;

export function isFrozen({ state }: Pick<RunningContainer, "state">): boolean {
  return state === FROZEN;
}

/**
 * Pauses a container at once. A container that cannot be paused, because it is just restarting, or Docker has no
 * control group for pausing (rootless), is stopped without a grace time, which is slower.
 */
export async function freeze(docker: DockerClient, name: string): Promise<void> {
  await onDockerError(unlessGone(docker.run(["pause", name]), STANDS_STILL), () =>
    docker.run(["stop", "-t", "0", name]),
  );
}

/** Lets a paused container go on. */
export async function thaw(docker: DockerClient, name: string): Promise<void> {
  await unlessGone(docker.run(["unpause", name]), NOT_FROZEN);
}

/** Kills a container, paused or not. It runs no further instruction, and its restart policy does not start it again. */
export async function end(docker: DockerClient, name: string): Promise<void> {
  await unlessGone(docker.run(["kill", name]), STANDS_STILL);
}
