import { type DockerClient, DockerError } from "../../components/docker/client";

/**
 * Stops a container, which gives it its own grace time for what it has in hand, and removes it with its anonymous
 * volumes: those that an image declares and nobody mounts. A volume with a name stays. The engine may be faster.
 */
export async function removeContainer(docker: DockerClient, id: string): Promise<void> {
  await unlessGone(docker.run(["stop", id]));
  await unlessGone(docker.run(["rm", "--volumes", id]));
}

async function unlessGone(asked: Promise<unknown>): Promise<void> {
  await asked.catch((error: unknown) => {
    if (!(error instanceof DockerError && /no such container|already in progress/i.test(error.stderr))) throw error;
  });
}
