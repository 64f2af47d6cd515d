import type { DockerClient } from "../../host/docker/client";
import { DATABASE, namesOf } from "../../release/names";
import type { WantedExtension } from "../../release/sql/extensions";
import { total } from "../../release/records/plausibility";
import { analyze } from "../../host/database/analysis";
import { dropDatabase } from "../../host/database/scratch";
import { complaint, Database, MAINTENANCE } from "../../host/database/database";
import { type CopyElsewhere, restoredElsewhere } from "../restore/elsewhere";
import { withAdvisoryLock } from "../../host/database/advisory-lock";
import { makeExtensions } from "../../host/database/extensions";
import { type MigrationRun, runMigrations, type TimedMigration } from "./migration";
import { unlessGone } from "../../host/docker/errors";
import { Refusal, say } from "../../host/output";
import { nextStep } from "../../host/report";
import { findBackup } from "../../host/backups/selection";
import { Throwaway } from "../../host/database/throwaway";

interface RehearsalRequest extends Pick<MigrationRun, "image" | "command"> {
  readonly stack: string;
  /** The live database's container, whose image the copy runs on. */
  readonly postgres: string;
  readonly extensions: readonly WantedExtension[];
  readonly mode: "full" | "restore" | "off";
  /** Null when there was nothing to back up. */
  readonly backup: string | null;
  /** The change of release that the rehearsal belongs to, for the report; undefined outside an update. */
  readonly release?: { readonly from?: string | undefined; readonly to: string } | undefined;
}

/** The times that the rehearsal measured; the gate waits as long as they suggest. */
interface Rehearsed {
  readonly restoreSeconds: number;
  readonly migrations: readonly TimedMigration[];
  readonly totalMigrationSeconds: number;
}

const NOTHING: Rehearsed = { restoreSeconds: 0, migrations: [], totalMigrationSeconds: 0 };

/**
 * Proves, before production is touched, that the backup can be restored and that the new release's migrations work on
 * its data. It uses a temporary database server, which has no secret of the live server and cannot reach it. The server
 * is removed afterwards, whatever happens; after a kill, the next run removes it.
 */
export async function rehearse(
  docker: DockerClient,
  request: RehearsalRequest,
  signal: AbortSignal,
): Promise<Rehearsed> {
  const live = new Database(docker, request.postgres);
  try {
    await live.mustRun();
    return await withAdvisoryLock(live, "rehearsal", async () => {
      await new Throwaway(docker, request.stack, "rehearsal", signal).clear();
      await removeFormer(live, request.stack);
      return perform(live, request, signal);
    });
  } catch (error) {
    const why = complaint(signal.aborted ? signal.reason : error);
    throw new Refusal(
      `The rehearsal fails: ${why}.\nProduction was not touched: the old release serves, on its own data.\n${nextStep(request.stack, request.release)}`,
    );
  }
}

async function perform(live: Database, request: RehearsalRequest, signal: AbortSignal): Promise<Rehearsed> {
  const { mode, backup, stack, postgres } = request;
  if (mode === "off" || backup === null) {
    say(mode === "off" ? "no rehearsal (nestfleet:rehearsal is off)" : "no backup, nothing to rehearse");
    return NOTHING;
  }
  const manifest = await findBackup(live, backup);
  const elsewhere = { docker: live.docker, stack, postgres, manifest, purpose: "rehearsal", signal } as const;
  return restoredElsewhere(elsewhere, async (copy) => {
    const { restoreSeconds } = copy;
    const tables = Object.keys(manifest.rows).length;
    say(
      `rehearsal: ${manifest.id} restored in ${restoreSeconds.toFixed(1)} s, all ${total(manifest.rows)} rows of ${tables} tables`,
    );
    if (mode === "restore") return { ...NOTHING, restoreSeconds };
    const migrations = await migrate(copy, request, { applied: manifest.migrations, signal });
    const totalMigrationSeconds = migrations.reduce((sum, { seconds }) => sum + seconds, 0);
    say(`rehearsal: ${migrations.length} migrations in ${totalMigrationSeconds.toFixed(1)} s`);
    return { restoreSeconds, migrations, totalMigrationSeconds };
  });
}

/**
 * Runs the migrations under the conditions of production. The copy is analyzed first, because without statistics
 * PostgreSQL may choose another query plan than in production. Each commit waits for the disk, because the gate allows
 * the migrations as much time in production as they take here.
 */
async function migrate(
  { throwaway, database }: CopyElsewhere,
  { image, command, extensions }: RehearsalRequest,
  known: Pick<MigrationRun, "applied" | "signal">,
): Promise<TimedMigration[]> {
  await analyze(database, DATABASE);
  await database.query("ALTER SYSTEM RESET fsync; SELECT pg_reload_conf(); CHECKPOINT", MAINTENANCE);
  await makeExtensions(database, extensions);
  return runMigrations(throwaway, database, { image, command, ...known });
}

const FORMER = "nestfleet_rehearsal";
const ABSENT = /no such (container|network)|not found|is not connected/i;

/**
 * Removes what a killed run of an older program left: it rehearsed on the live server, over a network without labels.
 */
async function removeFormer(live: Database, stack: string): Promise<void> {
  const network = namesOf(stack).throwaways.rehearsal;
  const { docker, container } = live;
  await unlessGone(docker.run(["network", "disconnect", "--force", network, container]), ABSENT);
  await unlessGone(docker.run(["network", "rm", network]), ABSENT);
  await dropDatabase(live, FORMER);
}
