import type { DockerClient } from "../../components/docker/client";
import { total } from "../../components/release/shrinkage";
import { analyze } from "./analysis";
import { dropDatabase } from "./copy";
import { complaint, Database } from "./database";
import { exclusively } from "./exclusion";
import { type MigrationRun, removeMigrationRun, runMigrations, type TimedMigration } from "./migration";
import { mustBeRestorable, restoreCopy } from "./restoration";
import { NEXT, Refusal, say } from "./run";
import { findBackup } from "./store";

export interface RehearsalRequest extends Pick<
  MigrationRun,
  "stack" | "image" | "command" | "environment" | "password"
> {
  readonly postgres: string;
  readonly mode: "full" | "restore" | "off";
  /** Null when there was nothing to back up. */
  readonly backup: string | null;
  /** Of the network and the container that are made for it. */
  readonly name: string;
}

/** What was measured: the gate's patience is made of it. */
export interface Rehearsed {
  readonly restoreSeconds: number;
  readonly migrations: readonly TimedMigration[];
  readonly totalMigrationSeconds: number;
}

const SCRATCH = "nestfleet_rehearsal";
/** One: nobody waits for a rehearsal, and the release that serves wants the other cores. */
const JOBS = 1;
const NOTHING: Rehearsed = { restoreSeconds: 0, migrations: [], totalMigrationSeconds: 0 };

/**
 * Proves, before production is touched, that the backup can be restored and that the new release's migrations work on
 * this very data. What it makes for that is gone afterwards, whatever happens; after a kill, the next run removes it.
 */
export async function rehearse(
  docker: DockerClient,
  request: RehearsalRequest,
  signal: AbortSignal,
): Promise<Rehearsed> {
  const database = new Database(docker, request.postgres);
  try {
    await database.mustRun();
    return await exclusively(database, "rehearsal", async () => {
      await clear(database, request.name);
      try {
        return await perform(database, request, signal);
      } finally {
        await clear(database, request.name).catch((error: unknown) => {
          say(`What the rehearsal made could not be removed (${complaint(error)}); the next one removes it`);
        });
      }
    });
  } catch (error) {
    const why = complaint(signal.aborted ? signal.reason : error);
    throw new Refusal(
      `The rehearsal fails: ${why}.\nProduction was not touched: the release from before serves, on its own data.\n${NEXT}`,
    );
  }
}

async function perform(database: Database, request: RehearsalRequest, signal: AbortSignal): Promise<Rehearsed> {
  if (request.mode === "off" || request.backup === null) {
    say(request.mode === "off" ? "no rehearsal (nestfleet:rehearsal is off)" : "no backup, nothing to rehearse");
    return NOTHING;
  }
  const manifest = await findBackup(database, request.backup);
  await mustBeRestorable(database, manifest, signal);
  const order = { manifest, purpose: "rehearsal", jobs: JOBS, live: database } as const;
  const restoreSeconds = await restoreCopy(database, SCRATCH, order, signal);
  const tables = Object.keys(manifest.rows).length;
  say(
    `rehearsal: ${manifest.id} restored in ${restoreSeconds.toFixed(1)} s, all ${total(manifest.rows)} rows of ${tables} tables`,
  );
  if (request.mode === "restore") return { ...NOTHING, restoreSeconds };
  // Without statistics a migration may take a plan that production, which has them, would not.
  await analyze(database, SCRATCH);
  const run = { ...request, scratch: SCRATCH, applied: manifest.migrations };
  const migrations = await runMigrations(database, run, signal);
  const totalMigrationSeconds = migrations.reduce((sum, { seconds }) => sum + seconds, 0);
  say(`rehearsal: ${migrations.length} migrations in ${totalMigrationSeconds.toFixed(1)} s`);
  return { restoreSeconds, migrations, totalMigrationSeconds };
}

/** The container first: while it runs, it would connect to the database again. */
async function clear(database: Database, name: string): Promise<void> {
  await removeMigrationRun(database, name);
  await dropDatabase(database, SCRATCH);
}
