import type { DockerClient } from "./client";
import { REMOVED, unlessGone } from "./errors";

/**
 * Stops a container, which gives it its own grace time for what it has in hand, and removes it with its anonymous
 * volumes: those that an image declares and no setting mounts. A volume with a name stays. The engine may be faster.
 */
export async function removeContainer(docker: DockerClient, id: string): Promise<void> {
  await unlessGone(docker.run(["stop", id]), REMOVED);
  await unlessGone(docker.run(["rm", "--volumes", id]), REMOVED);
}
