import type { DockerClient } from "../docker/client";
import type { DataVolume } from "./facts";
import { mountsOf } from "./mounts";

/** Where the database's container has its data: the official image declares a volume there. */
export const DATA_PATH = "/var/lib/postgresql/data";

/** Who has the volume of the database. `postgres` are the stack's own containers, running or not. */
export async function inspectDataVolume(
  docker: DockerClient,
  wanted: string,
  postgres: readonly string[],
): Promise<DataVolume> {
  const [volume, mounts, users] = await Promise.all([
    docker.inspect(wanted, "volume"),
    Promise.all(postgres.map((name) => mountsOf(docker, name))),
    usersOf(docker, wanted),
  ]);
  const mounted = mounts.flat().find(({ Destination }) => Destination === DATA_PATH);
  return {
    wanted,
    exists: volume !== undefined,
    mounted: mounted && (mounted.Name ?? mounted.Source),
    usedBy: users.filter((name) => !postgres.includes(name)),
  };
}

/** The running containers that may write to a volume; one that only reads it does no harm. */
async function usersOf(docker: DockerClient, volume: string): Promise<string[]> {
  const listed = await docker.run(["ps", "--no-trunc", "--filter", `volume=${volume}`, "--format", "{{.Names}}"]);
  const names = listed.trim().split("\n").filter(Boolean);
  const writers = names.map(async (name) =>
    (await mountsOf(docker, name)).some(({ Name, RW }) => Name === volume && RW) ? [name] : [],
  );
  return (await Promise.all(writers)).flat();
}
