import type { DockerClient } from "../docker/client";
import type { DataVolume } from "../../release/facts";
import { z } from "zod";
import { posix } from "node:path";
import { contains, dataMountOf, pgdataOf } from "../../release/data-mount";
import { mountsOf } from "../docker/mounts";

/**
 * The directory of the data, for a shell in the database's container. The official images, and those that are built on
 * them, set PGDATA.
 */
export const DATA_DIRECTORY = '"${PGDATA:-/var/lib/postgresql/data}"';

const inspected = z.object({ Config: z.object({ Env: z.array(z.string()).nullish() }) });

/** Inspects the volume of the database and its users. `postgres` names the stack's own containers, running or not. */
export async function inspectDataVolume(
  docker: DockerClient,
  wanted: string,
  postgres: readonly string[],
): Promise<DataVolume> {
  const [mounts, users] = await Promise.all([
    Promise.all(postgres.map((name) => mountsOf(docker, name))),
    usersOf(docker, wanted),
  ]);
  // Docker does not remove a volume that a container mounts.
  const isMounted = mounts.flat().some(({ Name }) => Name === wanted);
  const [first = ""] = postgres;
  const pgdata = await pgdataIn(docker, first);
  const around = mounts.flat().filter(({ Destination }) => contains(Destination, pgdata));
  const mounted = around.sort((one, other) => other.Destination.length - one.Destination.length)[0];
  return {
    wanted,
    exists: isMounted || (await docker.inspect(wanted, "volume")) !== undefined,
    mounted: mounted && (mounted.Name ?? mounted.Source),
    folder: mounted && posix.relative(mounted.Destination, pgdata),
    usedBy: users.filter((name) => !postgres.includes(name)),
  };
}

async function pgdataIn(docker: DockerClient, container: string): Promise<string> {
  const found = container === "" ? undefined : inspected.safeParse(await docker.inspect(container)).data;
  return pgdataOf(found?.Config.Env) ?? dataMountOf({}).target;
}

/** Names the running containers that may write to a volume. A container that only reads it does no harm. */
async function usersOf(docker: DockerClient, volume: string): Promise<string[]> {
  const listed = await docker.run(["ps", "--no-trunc", "--filter", `volume=${volume}`, "--format", "{{.Names}}"]);
  const names = listed.trim().split("\n").filter(Boolean);
  const writers = names.map(async (name) =>
    (await mountsOf(docker, name)).some(({ Name, RW }) => Name === volume && RW) ? [name] : [],
  );
  return (await Promise.all(writers)).flat();
}
