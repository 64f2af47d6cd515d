import type { DockerClient } from "../../host/docker/client";
import { inspectMounts } from "../../host/docker/mounts";
import { BACKUPS_PATH } from "../../release/records/backup-id";
import type { BackupManifest, Proof } from "../../release/records/manifest";
import { complaint, Database, DATABASE, MAINTENANCE } from "../../host/database/database";
import { mustBeRestorable, restoreCopy } from "./copy";
import { Refusal, say } from "../../host/output";
import { Throwaway } from "../../host/database/throwaway";

/** One: nobody waits for it, and the release that serves wants the other cores. */
const JOBS = 1;

/** Without them the server refuses what the backup has: an extension's library, or as many locks as a dump has tables. */
const SETTINGS = ["shared_preload_libraries", "max_locks_per_transaction"];

/**
 * Restores a backup on a server that is thrown away afterwards, with the image of the one that serves, and does further
 * work there. Gives the seconds of the restore to it. The live database is only asked.
 */
export async function restoredElsewhere<T>(
  docker: DockerClient,
  { stack, postgres }: { readonly stack: string; readonly postgres: string },
  manifest: BackupManifest,
  purpose: Proof["by"],
  signal: AbortSignal,
  further: (throwaway: Throwaway, restoreSeconds: number, database: Database) => Promise<T>,
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
    const seconds = await restoreCopy(database, DATABASE, { manifest, purpose, jobs: JOBS, live }, signal);
    return await further(throwaway, Math.round(seconds * 10) / 10, database);
  } finally {
    await throwaway.clear().catch((error: unknown) => {
      say(`What was made for the ${purpose} could not be removed (${complaint(error)}); the next one removes it`);
    });
  }
}

async function settingsOf(live: Database): Promise<string[]> {
  const values = await live.query(
    SETTINGS.map((name) => `SELECT '${name}=' || current_setting('${name}');`).join("\n"),
    MAINTENANCE,
  );
  return values.filter((value) => !value.endsWith("="));
}
