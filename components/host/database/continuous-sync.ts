import { DATA_DIRECTORY } from "./data-volume";
import { BACKUPS_PATH } from "../../release/records/backup-id";
import type { Database } from "./database";

/** Syncs the file systems on which the database's container has its data and its backups. */
const SYNC = `while sleep 0.3; do sync -f ${DATA_DIRECTORY} "$1"; done`;

/**
 * Does work while written data goes to the disk continuously. By itself, the kernel collects data for half a minute,
 * and then writes all of it. Docker also triggers this: creating or stopping a container unmounts an overlay, which
 * writes everything that the file system has not written yet. In both cases the commits of the live database wait: half
 * a second and more for a few hundred megabytes.
 */
export async function withContinuousSync<T>(database: Database, work: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const syncing = database.run(["sh", "-c", SYNC, "-", BACKUPS_PATH], { signal: stop.signal }).catch(() => undefined);
  try {
    return await work();
  } finally {
    stop.abort();
    await syncing;
  }
}
