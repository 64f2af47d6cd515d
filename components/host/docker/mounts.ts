import type { DockerClient } from "./client";

/** Of `docker inspect`: a volume has a name, a directory of the host only a source. */
export interface Mount {
  readonly Name?: string;
  readonly Source: string;
  readonly Destination: string;
  readonly RW: boolean;
}

/** What a container mounts, running or not; nothing when it is gone. */
export async function mountsOf(docker: DockerClient, container: string): Promise<readonly Mount[]> {
  return (await inspectMounts(docker, container))?.mounts ?? [];
}

/** The same, and the id of its image; undefined when it is gone. */
export async function inspectMounts(
  docker: DockerClient,
  container: string,
): Promise<{ readonly image: string; readonly mounts: readonly Mount[] } | undefined> {
  const inspected = (await docker.inspect(container)) as { Image: string; Mounts: readonly Mount[] } | undefined;
  return inspected && { image: inspected.Image, mounts: inspected.Mounts };
}
