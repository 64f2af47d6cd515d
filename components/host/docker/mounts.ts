import type { DockerClient } from "./client";

/** A mount in `docker inspect`: a volume has a name, a directory of the host only a source. */
export interface Mount {
  readonly Name?: string;
  readonly Source: string;
  readonly Destination: string;
  readonly RW: boolean;
}

/** Gives the mounts of a container, running or not; none when it does not exist. */
export async function mountsOf(docker: DockerClient, container: string): Promise<readonly Mount[]> {
  return (await inspectMounts(docker, container))?.mounts ?? [];
}

/** Gives the mounts and the id of the image; undefined when the container does not exist. */
export async function inspectMounts(
  docker: DockerClient,
  container: string,
): Promise<{ readonly image: string; readonly mounts: readonly Mount[] } | undefined> {
  const inspected = (await docker.inspect(container)) as { Image: string; Mounts: readonly Mount[] } | undefined;
  return inspected && { image: inspected.Image, mounts: inspected.Mounts };
}
