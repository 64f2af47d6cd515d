import { type DockerClient, DockerError } from "./client";

/**
 * Stops a container, which gives it its own grace time for what it has in hand, and removes it with its anonymous
 * volumes: those that an image declares and nobody mounts. A volume with a name stays. The engine may be faster.
 */
export async function removeContainer(docker: DockerClient, id: string): Promise<void> {
  await unlessGone(docker.run(["stop", id]), REMOVED);
  await unlessGone(docker.run(["rm", "--volumes", id]), REMOVED);
}

/** Of a container that is gone, or about to be. */
export const REMOVED = /no such container|already in progress/i;

/** Work on something that may be gone by now, as the complaint then says. */
export async function unlessGone(work: Promise<unknown>, gone = /no such container/i): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof DockerError && gone.test(error.stderr))) throw error;
  });
}
