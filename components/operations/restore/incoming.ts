import type { DockerClient } from "../../host/docker/client";
import { hostTime } from "../../host/docker/clock";
import { replacedDatabases } from "../../host/database/inspect";
import type { BackupManifest } from "../../release/records/manifest";
import { REPLACED_PREFIX, replacedAtByName, type ReplacedComment } from "../../release/records/replaced";
import { total } from "../../release/records/plausibility";
import { analyze } from "../../host/database/analysis";
import { dropDatabase } from "../../host/database/scratch";
import { complaint, type Database, DATABASE } from "../../host/database/database";
import { databases } from "../../host/database/swap";
import { restoreCopy } from "./copy";
import { RESTORING } from "./state";
import { Refusal, say } from "../../host/output";

/** Two: one per core of the smallest host. Requests are answered meanwhile, if slower; somebody waits for their data. */
const JOBS = 2;

/** The database that is to become the live one. */
export interface Incoming {
  readonly name: string;
  /** Tag of the release that its data are of. */
  readonly version: string;
  /** Id of the image of each service of that release. */
  readonly images: Readonly<Record<string, string>>;
  readonly backup: BackupManifest | null;
}

/** A kept database that says what it is of. */
export interface Kept extends Pick<ReplacedComment, "version" | "images"> {
  readonly name: string;
  readonly bytes: number;
}

/** A name has four digits for the year. */
const LAST_SECOND = Date.UTC(9999, 11, 31, 23, 59, 59);

/**
 * The name under which what is live now is kept: later than all that there are, whatever the clock says, but for one
 * of the last second of all, which nothing can follow.
 */
export function keptName(now: Date, existing: readonly string[]): string {
  const taken = existing
    .map((name) => Date.parse(replacedAtByName(name) ?? "") + 1000)
    .filter((next) => next <= LAST_SECOND);
  const time = new Date(Math.max(now.getTime(), ...taken)).toISOString();
  return `${REPLACED_PREFIX}${time.replace(/[-:]|\.\d+/g, "").toLowerCase()}`;
}

/** What can be brought back, oldest first: one whose comment somebody has changed does not say what it is of. */
export async function keptDatabases({ docker, container }: Database): Promise<Kept[]> {
  return (await replacedDatabases(docker, container)).flatMap(({ name, bytes, version, images }) =>
    version === undefined || images === undefined ? [] : [{ name, bytes, version, images }],
  );
}

/** The kept database of that name, or the newest. */
export async function findKept(database: Database, name: string | undefined): Promise<Kept> {
  const kept = await keptDatabases(database);
  const found = name === undefined ? kept.at(-1) : kept.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new Refusal(
    `there is no replaced database${name === undefined ? "" : ` ${name}`} to bring back; kept are: ${kept.map((one) => one.name).join(", ") || "none"}`,
  );
}

/** Restores beside the live database, which serves meanwhile: every row is there afterwards, and its statistics are. */
export async function restoreBeside(database: Database, manifest: BackupManifest, signal: AbortSignal): Promise<void> {
  const started = Date.now();
  const order = { manifest, purpose: "restore", jobs: JOBS, live: database } as const;
  await restoreCopy(database, RESTORING, order, signal);
  signal.throwIfAborted();
  await analyze(database, RESTORING);
  for (const line of await database.query(REPLICATION, RESTORING)) say(line);
  const seconds = (Date.now() - started) / 1000;
  say(`restored ${manifest.id} beside the live database in ${seconds.toFixed(1)} s: all ${total(manifest.rows)} rows`);
}

/** What a restore does not decide: a copy that took up where the original left off would miss what it does not have. */
const REPLICATION = `
  CHECKPOINT;
  SELECT format('the subscription %s is restored, and disabled: that of the replaced database has its slot (%s). To receive anew, '
           'refresh its tables, then ALTER SUBSCRIPTION %I ENABLE', subname, coalesce(subslotname, 'none'), subname)
    FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database());
  SELECT format('the replication slot %s stays with the database that is replaced: its subscriber must be set up anew', slot_name)
    FROM pg_replication_slots WHERE slot_type = 'logical' AND database = '${DATABASE}';`;

/** The time of the Docker host, by which kept databases are named: operators' machines have clocks of their own. */
export async function moment(docker: DockerClient): Promise<Date> {
  return new Date((await hostTime(docker)) ?? Date.now());
}

/**
 * Drops the databases that were kept for longer than so many days, by their names, and gives those; one in use stays.
 * They must be as old by this machine's clock as by the host's, which has named them: where one of the two is wrong, or
 * the host's is not known, nothing is lost.
 */
export async function pruneKept(database: Database, days: number): Promise<string[]> {
  const now = Math.min((await hostTime(database.docker)) ?? 0, Date.now());
  const old = (await databases(database)).filter(
    (name) => now - Date.parse(replacedAtByName(name) ?? "") > days * 86_400_000,
  );
  const dropped: string[] = [];
  for (const name of old) {
    try {
      await dropDatabase(database, name);
      dropped.push(name);
    } catch (error) {
      say(`${name} cannot be dropped, and stays: ${complaint(error)}`);
    }
  }
  return dropped;
}
