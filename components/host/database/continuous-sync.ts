import { DATA_DIRECTORY } from "./data-volume";
import { BACKUPS_PATH } from "../../release/records/backup-id";
import type { Database } from "./database";

/** Syncs the file systems on which the database's container has its data and its backups. */
const SYNC = `while sleep 0.3; do sync -f ${DATA_DIRECTORY} "$1"; done`;

/**
 * Does work while everything that is written goes to the disk as it comes. By itself the kernel keeps it back for half a
 * minute, and then writes it in one go. Docker brings that forward, because whenever a container is made or stopped an
 * overlay is unmounted, which writes all that the file system has not written yet. In both cases the commits of the
 * database that serves wait behind it: for half a second and more, with a few hundred megabytes.
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
