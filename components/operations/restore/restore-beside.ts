import { DATABASE, RESTORING } from "../../release/names";
import type { BackupManifest } from "../../release/records/manifest";
import { total } from "../../release/records/plausibility";
import { vacuum } from "../../host/database/analysis";
import type { Database } from "../../host/database/database";
import { say } from "../../host/output";
import { restoreCopy } from "./pg-restore";

/**
 * Number of parallel jobs: one for each core of the smallest Docker host. Requests are answered more slowly meanwhile, but
 * users are waiting for their data.
 */
const JOBS = 2;

/** Restores a backup beside the live database, which serves meanwhile. All rows are there afterwards, with statistics. */
export async function restoreBeside(database: Database, manifest: BackupManifest, signal: AbortSignal): Promise<void> {
  const started = Date.now();
  await restoreCopy({ database, name: RESTORING, manifest, purpose: "restore", jobs: JOBS, live: database, signal });
  signal.throwIfAborted();
  await vacuum(database, RESTORING);
  for (const line of await database.query(REPLICATION, RESTORING)) say(line);
  const seconds = (Date.now() - started) / 1000;
  say(`restored ${manifest.id} beside the live database in ${seconds.toFixed(1)} s: all ${total(manifest.rows)} rows`);
}

/**
 * Reports subscriptions and replication slots, which a restore leaves to the operator: to continue them would lose
 * changes.
 */
const REPLICATION = `
  CHECKPOINT;
  SELECT format('the subscription %s is restored, and disabled: the subscription of the previous database uses its slot (%s). To receive '
           'again, refresh its tables, then ALTER SUBSCRIPTION %I ENABLE', subname, coalesce(subslotname, 'none'), subname)
    FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database());
  SELECT format('the replication slot %s stays with the previous database: its subscriber must be set up again', slot_name)
    FROM pg_replication_slots WHERE slot_type = 'logical' AND database = '${DATABASE}';`;
