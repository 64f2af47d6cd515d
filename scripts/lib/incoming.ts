import { replacedDatabases } from "../../components/host/database";
import type { BackupManifest } from "../../components/release/manifest";
import { REPLACED_PREFIX, replacedAtByName, type ReplacedComment } from "../../components/release/replaced";
import { total } from "../../components/release/shrinkage";
import { type Database, DATABASE, MAINTENANCE } from "./database";
import { databases } from "./exchange";
import { createDatabase, dropDatabase, restoreInto } from "./restoration";
import { Refusal, say } from "./run";

/** Being restored; one that is found was left by a run that was killed, and nobody's data. */
export const RESTORING = "nestfleet_restoring";
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

/** The name under which what is live now is kept: later than all that there are, whatever the clock says. */
export function keptName(now: Date, existing: readonly string[]): string {
  const taken = existing.map((name) => Date.parse(replacedAtByName(name) ?? "") + 1000).filter(Number.isFinite);
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
  await dropDatabase(database, RESTORING);
  await createDatabase(database, RESTORING);
  await restoreInto(database, RESTORING, manifest, signal, JOBS);
  await database.query(await settingsOf(database), MAINTENANCE);
  signal.throwIfAborted();
  await database.query("ANALYZE; CHECKPOINT", RESTORING);
  const seconds = (Date.now() - started) / 1000;
  say(`restored ${manifest.id} beside the live database in ${seconds.toFixed(1)} s: all ${total(manifest.rows)} rows`);
}

/** What somebody has set for the live database (ALTER DATABASE … SET), which is in no dump of one database. */
async function settingsOf(database: Database): Promise<string> {
  const statements = await database.query(
    `SELECT format('ALTER DATABASE ${RESTORING} SET %I = %s;', split_part(setting, '=', 1),
              CASE WHEN setting ~ '^(search_path|temp_tablespaces|session_preload_libraries)=' THEN substr(setting, strpos(setting, '=') + 1)
                   ELSE quote_literal(substr(setting, strpos(setting, '=') + 1)) END)
       FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) setting
      WHERE d.datname = '${DATABASE}' AND s.setrole = 0`,
    MAINTENANCE,
  );
  return statements.join("\n");
}

/** Drops the databases that have been kept for longer than so many days, by their names. Gives those. */
export async function pruneKept(database: Database, days: number): Promise<string[]> {
  const old = (await databases(database)).filter(
    (name) => Date.now() - Date.parse(replacedAtByName(name) ?? "") > days * 86_400_000,
  );
  for (const name of old) await dropDatabase(database, name);
  return old;
}
