import type { DockerClient } from "../docker/client";

/** Of `docker inspect`: a volume has a name, a directory of the host only a source. */
export interface Mount {
  readonly Name?: string;
  readonly Source: string;
  readonly Destination: string;
  readonly RW: boolean;
}

/** What a container mounts, running or not; nothing when it is gone. */
export async function mountsOf(docker: DockerClient, container: string): Promise<readonly Mount[]> {
  const inspected = (await docker.inspect(container)) as { Mounts: readonly Mount[] } | undefined;
  return inspected?.Mounts ?? [];
}
