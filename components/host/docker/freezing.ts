import type { DockerClient } from "./client";
import { onDockerError, unlessGone } from "./errors";
import type { RunningContainer } from "../../release/facts";

/** As Docker calls it. */
const FROZEN = "paused";

/** Of a container that stands still, or does not run. */
const STANDS_STILL = /is already paused|is not running|no such container/i;
/** Of one that runs, or does not at all. */
const NOT_FROZEN = /is not paused|is not running|no such container/i;

export function isFrozen({ state }: Pick<RunningContainer, "state">): boolean {
  return state === FROZEN;
}

/**
 * Makes a container stand still at once, wherever it is. One that cannot be paused, because its engine has no control
 * group for that (a rootless one) or it is just restarting, is stopped without grace, which is slower.
 */
export async function freeze(docker: DockerClient, name: string): Promise<void> {
  await onDockerError(unlessGone(docker.run(["pause", name]), STANDS_STILL), () =>
    docker.run(["stop", "-t", "0", name]),
  );
}

/** Lets it run on where it stood. */
export async function thaw(docker: DockerClient, name: string): Promise<void> {
  await unlessGone(docker.run(["unpause", name]), NOT_FROZEN);
}

/** Kills it, frozen or not: it never runs another instruction, and is not started again by its policy. */
export async function end(docker: DockerClient, name: string): Promise<void> {
  await unlessGone(docker.run(["kill", name]), STANDS_STILL);
}
