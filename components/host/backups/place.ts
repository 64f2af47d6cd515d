import type { DockerClient } from "../docker/client";
import { BACKUPS_PATH } from "../../release/records/backup-id";
import type { Place } from "../../release/facts";
import { mountsOf } from "../docker/mounts";

/** Where the stack's database, running or not, has its backups. Undefined when there is none. */
export async function backupPlace(docker: DockerClient, postgres: readonly string[]): Promise<Place | undefined> {
  const mounts = await Promise.all(postgres.map((name) => mountsOf(docker, name)));
  const mounted = mounts.flat().find(({ Destination }) => Destination === BACKUPS_PATH);
  if (mounted === undefined) return undefined;
  return mounted.Name === undefined ? { directory: mounted.Source } : { volume: mounted.Name };
}
