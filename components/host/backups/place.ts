import type { DockerClient } from "../docker/client";
import { BACKUPS_PATH } from "../../release/records/backup-id";
import type { Place } from "../../release/facts";
import { mountsOf } from "../docker/mounts";

/** Finds the volume or directory of the backups in the database's container, running or not; undefined without one. */
export async function backupPlace(docker: DockerClient, postgres: readonly string[]): Promise<Place | undefined> {
  const mounts = await Promise.all(postgres.map((name) => mountsOf(docker, name)));
  const mounted = mounts.flat().find(({ Destination }) => Destination === BACKUPS_PATH);
  if (mounted === undefined) return undefined;
  return mounted.Name === undefined ? { directory: mounted.Source } : { volume: mounted.Name };
}
