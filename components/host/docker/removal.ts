import type { DockerClient } from "./client";
import { REMOVED, unlessGone } from "./errors";

/**
 * Stops a container, which has its own grace time to finish its work, and removes it with its anonymous volumes: those
 * that an image declares and no setting mounts. A named volume stays. Docker may have removed the container already.
 */
export async function removeContainer(docker: DockerClient, id: string): Promise<void> {
  await unlessGone(docker.run(["stop", id]), REMOVED);
  await unlessGone(docker.run(["rm", "--volumes", id]), REMOVED);
}
