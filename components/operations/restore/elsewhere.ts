import type { DockerClient } from "../../host/docker/client";
import { inspectMounts } from "../../host/docker/mounts";
import { BACKUPS_PATH } from "../../release/records/backup-id";
import type { BackupManifest, Proof } from "../../release/records/manifest";
import { complaint, Database, MAINTENANCE } from "../../host/database/database";
import { DATABASE } from "../../release/names";
import { mustBeRestorable, restoreCopy } from "./pg-restore";
import { Refusal, say } from "../../host/output";
import { Throwaway } from "../../host/database/throwaway";

/**
 * Number of parallel jobs: one, because no request waits for the restore, and the running release needs the other
 * cores.
 */
const JOBS = 1;

/** Settings that a backup may need: the library of an extension, and a lock for each table of the dump. */
const SETTINGS = ["shared_preload_libraries", "max_locks_per_transaction"];

/** A backup to restore on a temporary server. */
interface Elsewhere {
  readonly docker: DockerClient;
  readonly stack: string;
  /** The container of the live database, which has the backups. */
  readonly postgres: string;
  readonly manifest: BackupManifest;
  readonly purpose: Proof["by"];
  readonly signal: AbortSignal;
}

/** A copy on a temporary server. */
export interface CopyElsewhere {
  readonly throwaway: Throwaway;
  readonly database: Database;
  readonly restoreSeconds: number;
}

/**
 * Restores a backup on a temporary server with the image of the live one, does further work there, and removes the server.
 * The live database is only read.
 */
export async function restoredElsewhere<T>(
  { docker, stack, postgres, manifest, purpose, signal }: Elsewhere,
  further: (copy: CopyElsewhere) => Promise<T>,
): Promise<T> {
  const throwaway = new Throwaway(docker, stack, purpose === "rehearsal" ? "rehearsal" : "drill", signal);
  await throwaway.clear();
  try {
    const { image, mounts } = (await inspectMounts(docker, postgres)) ?? {};
    const backups = mounts?.find(({ Destination }) => Destination === BACKUPS_PATH);
    if (backups === undefined || image === undefined)
      throw new Refusal(`${postgres} has no ${BACKUPS_PATH} mounted that a second database could read`);
    const live = new Database(docker, postgres);
    const database = await throwaway.database(image, { backups, settings: await settingsOf(live) });
    await mustBeRestorable(database, manifest, signal);
    const seconds = await restoreCopy({ database, name: DATABASE, manifest, purpose, jobs: JOBS, live, signal });
    return await further({ throwaway, database, restoreSeconds: Math.round(seconds * 10) / 10 });
  } finally {
    await throwaway.clear().catch((error: unknown) => {
      say(
        `The temporary containers of the ${purpose} could not be removed (${complaint(error)}); the next one removes them`,
      );
    });
  }
}

/** Gives the settings of the live server that a copy of it needs. */
async function settingsOf(live: Database): Promise<string[]> {
  const values = await live.query(
    SETTINGS.map((name) => `SELECT '${name}=' || current_setting('${name}');`).join("\n"),
    MAINTENANCE,
  );
  return values.filter((value) => !value.endsWith("="));
}
