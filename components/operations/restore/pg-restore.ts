import type { BackupManifest } from "../../release/records/manifest";
import { neededBytes } from "../../release/estimate";
import { unsuitable } from "../../release/records/compatibility";
import { createApplicationRole } from "../../host/database/application-role";
import { mustBeIntact } from "../../host/backups/dump-check";
import { dressCopy } from "../../host/database/scratch";
import type { Database } from "../../host/database/database";
import { inspectDisks } from "../../host/database/disks";
import { serverOf } from "../../host/database/server";
import { definitionOf } from "../../host/database/definition";
import { handOver } from "../../host/database/handover";
import { recordOutcome } from "./outcome";
import { type Copy, restoreAnyWay } from "./ways";
import { createMissingRoles } from "../../host/database/roles";
import { Refusal } from "../../host/output";
import { withContinuousSync } from "../../host/database/continuous-sync";

/** Refuses a server on which the restore would fail half-way, or whose extensions do not fit the data. */
export async function mustSuitServer(database: Database, manifest: BackupManifest): Promise<void> {
  const why = unsuitable(manifest, await serverOf(database));
  if (why !== undefined) throw new Refusal(`the backup ${why.words}`);
}

/** Refuses when the restored database would not fit beside the live one. */
async function mustFitBeside(database: Database, manifest: BackupManifest): Promise<void> {
  const { freeBytes: free } = (await inspectDisks(database.docker, database.container)).data;
  const needed = neededBytes({ databases: manifest.databaseBytes });
  if (free < needed)
    throw new Refusal(`the disk of the database has ${free} bytes free, and restoring beside it needs about ${needed}`);
}

/** Refuses a backup that cannot be restored on this server, before anything is touched. */
export async function mustBeRestorable(database: Database, manifest: BackupManifest, signal: AbortSignal) {
  await Promise.all([
    mustBeIntact(database, manifest, signal),
    mustSuitServer(database, manifest),
    mustFitBeside(database, manifest),
  ]);
}

/**
 * Makes a database out of a backup, and refuses the result unless every table has the rows that were dumped. Owners,
 * grants, settings and comment are those of the original. If the application has a role of its own, it gets what the
 * superuser owned. Gives the seconds that the restore took.
 */
export async function restoreCopy(copy: Copy): Promise<number> {
  const { database, name, manifest, purpose, live } = copy;
  return recordOutcome(copy, async (known) => {
    const definition = manifest.definition ?? (await definitionOf(live));
    await createMissingRoles(database, definition.roles, purpose !== "restore");
    // On a temporary server no update creates the role.
    if (purpose !== "restore") await createApplicationRole(database);
    const { way, megabytes } = await withContinuousSync(database, () => restoreAnyWay({ ...copy, definition }, known));
    await dressCopy(database, name, definition.database);
    await handOver(database, name);
    return { way, megabytes };
  });
}
