import { client } from "../../components/host/psql";
import type { Definition } from "../../components/release/definition";
import type { BackupManifest, Proof } from "../../components/release/manifest";
import { createCopy, dropDatabase } from "./copy";
import { type Database, identifier, literal, MAINTENANCE, ROLE } from "./database";
import { type Needed, Unrestorable } from "./proof";
import { brokenRule, failedObject, firstError, foreignKeys, restoreFailure, type Violation } from "./restore-failure";
import { Refusal, say } from "./run";
import { dumpFile } from "./store";
import { describeViolations } from "./violations";

export interface Restoring {
  readonly manifest: BackupManifest;
  readonly definition: Definition;
  readonly purpose: Proof["by"];
  readonly jobs: number;
  readonly live: Database;
}

/** How an attempt is made. */
interface Attempt extends Needed {
  /** Processes that build an index beside the first; undefined leaves it to the server. */
  readonly workers?: number;
}

/** The server's own default: an operator who has set less for the application has not meant an index's build. */
const LEAST_MEGABYTES = 64;
/** Of the memory that is free, for all indexes that are built at the same time: the live database has the rest. */
const SHARE = 0.5;

/**
 * Fills a new database of that name. An index that needs more memory gets it, within the host's; where names are not
 * found, the dump goes through psql with the application's own `search_path`. Each attempt begins anew.
 */
export async function restoreAnyWay(
  database: Database,
  name: string,
  restoring: Restoring,
  known: Needed | undefined,
  signal: AbortSignal,
): Promise<Needed> {
  const { definition, manifest } = restoring;
  const own = Math.round(definition.database.maintenanceKilobytes / 1024);
  let attempt: Attempt = {
    way: known?.way ?? "pg_restore",
    megabytes: Math.max(own, known?.megabytes ?? 0, LEAST_MEGABYTES),
  };
  const tablespaces = await database.query("SELECT spcname FROM pg_tablespace", MAINTENANCE);
  const flags = flagsFor(restoring, tablespaces);
  for (;;) {
    await dropDatabase(database, name);
    await createCopy(database, name, definition.database, tablespaces);
    const said = await restoreBy(database, name, restoring, flags, attempt, signal);
    if (said === undefined) return attempt;
    const next = await nextAttempt(database, restoring, attempt, said);
    if (next === undefined) throw await refusalOf(database, name, restoring, said, signal);
    say(`${manifest.id}: ${firstError(said)}${next.why}; restored anew`);
    attempt = next.attempt;
  }
}

/** Scratch copies subscribe to nothing; a tablespace that the server lacks is replaced by its default one. */
function flagsFor({ purpose, definition }: Restoring, here: readonly string[]): string[] {
  const lacking = definition.database.tablespaces.filter((tablespace) => !here.includes(tablespace));
  if (lacking.length > 0 && purpose === "restore")
    say(`the server has no tablespace ${lacking.join(", ")}: what lay there goes into the default one`);
  return [
    // Tables are filled by a superuser, whom no policy stops; a materialized view by its owner, as in production.
    "--enable-row-security",
    ...(purpose === "restore" ? [] : ["--no-subscriptions"]),
    ...(lacking.length > 0 ? ["--no-tablespaces"] : []),
  ];
}

/** Undefined where trying once more is of no use. */
async function nextAttempt(database: Database, { jobs }: Restoring, attempt: Attempt, said: string) {
  const failure = restoreFailure(said);
  if (failure.kind === "memory" && failure.megabytes > attempt.megabytes) {
    const most = Math.floor(((await freeMegabytes(database)) * SHARE) / jobs);
    if (failure.megabytes > most)
      throw new Refusal(
        `an index needs ${failure.megabytes} MB to be built, and ${most} MB of the host's memory can be had for one: ${objectOf(said)}`,
      );
    const why = `: with ${failure.megabytes} MB for an index`;
    return { attempt: { ...attempt, megabytes: failure.megabytes }, why };
  }
  if (failure.kind === "workers" && attempt.workers === undefined)
    return { attempt: { ...attempt, workers: 0 }, why: ": with one process for an index" };
  if (failure.kind === "names" && attempt.way === "pg_restore") {
    const why = ` (${objectOf(said)}): pg_restore looks for names in no schema, so the dump goes through psql, which is slower`;
    return { attempt: { ...attempt, way: "psql" as const }, why };
  }
  return undefined;
}

function objectOf(said: string): string {
  return failedObject(said) ?? firstError(said);
}

const MEMORY = `
  grep MemAvailable /proc/meminfo
  cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || true`;

/** Of the host, or less where the container has a limit of its own. */
async function freeMegabytes(database: Database): Promise<number> {
  const told = await database.shell(MEMORY);
  const available = Number(/MemAvailable: +(\d+)/.exec(told)?.[1] ?? 0) * 1024;
  const limits = [...told.matchAll(/^(\d+)$/gm)].map(([limit]) => Number(limit));
  return Math.floor(Math.min(available, ...limits) / 1024 ** 2);
}

/** What it said when it failed; undefined when it did not. */
async function restoreBy(
  database: Database,
  name: string,
  restoring: Restoring,
  flags: readonly string[],
  { way, megabytes, workers }: Attempt,
  signal: AbortSignal,
): Promise<string | undefined> {
  // What is restored is thrown away when the server crashes meanwhile: its commits need not wait for the disk.
  const settings = [
    "-c synchronous_commit=off",
    `-c maintenance_work_mem=${megabytes}MB`,
    ...(workers === undefined ? [] : [`-c max_parallel_maintenance_workers=${workers}`]),
  ].join(" ");
  const lines: string[] = [];
  const command = way === "psql" ? throughPsql(name, restoring, flags) : throughPgRestore(name, restoring, flags);
  const { exitCode, stderr } = await database.run(["nice", ...client(command, settings)], {
    signal,
    onLine: (line) => lines.push(line),
  });
  if (exitCode === 0 && (way === "pg_restore" || lines.includes(COMPLETE))) return undefined;
  return stderr === "" ? `it ends with exit code ${exitCode}` : stderr;
}

const CONNECTION = (name: string) => `dbname=${name} user=${ROLE} application_name=nestfleet-restore`;

function throughPgRestore(name: string, { manifest, jobs }: Restoring, flags: readonly string[]): string[] {
  const all = [`--dbname=${CONNECTION(name)}`, `--jobs=${jobs}`, "--exit-on-error", ...flags];
  return ["pg_restore", ...all, dumpFile(manifest.id)];
}

/** Printed by psql after the last statement: where pg_restore ends half-way, psql takes that for the end. */
const COMPLETE = "restored to its end";

/**
 * The dump as statements; the one that empties the `search_path`, in its first lines, is replaced. The shell reads no
 * further than that line. It is stopped by its last process: those before have nobody to write to then.
 */
const STREAM = `
  path=$1 connection=$2 file=$3; shift 3
  { pg_restore --file=- "$@" "$file" && printf '%s\\n' '\\echo ${COMPLETE}'; } | {
    while IFS= read -r line; do
      if [ "$line" = "SELECT pg_catalog.set_config('search_path', '', false);" ]; then
        printf '%s\\n' "$path"
        break
      fi
      printf '%s\\n' "$line"
    done
    cat
  } | psql --no-psqlrc -q -o /dev/null -v ON_ERROR_STOP=1 -d "$connection" &
  child=$!
  trap 'kill "$child"' TERM
  wait "$child"`;

function throughPsql(name: string, { manifest, definition }: Restoring, flags: readonly string[]): string[] {
  const path = definition.database.searchPath.map(identifier).join(", ");
  const statement = `SELECT pg_catalog.set_config('search_path', ${literal(path)}, false);`;
  return ["sh", "-c", STREAM, "-", statement, CONNECTION(name), dumpFile(manifest.id), ...flags];
}

/** Why it cannot be restored; an end that is the server's says nothing about the backup. */
async function refusalOf(
  database: Database,
  name: string,
  { manifest, live, jobs }: Restoring,
  said: string,
  signal: AbortSignal,
): Promise<Refusal> {
  const failure = restoreFailure(said);
  const broken = brokenRule(said);
  const what = `the backup ${manifest.id} cannot be restored`;
  const [, role] = /role "([^"]+)" does not exist/.exec(said) ?? [];
  if (role !== undefined)
    return new Refusal(
      `${what}: the server has no role ${role}. Make it first: CREATE ROLE ${identifier(role)} NOLOGIN`,
    );
  if (failure.kind === "rows" || broken !== undefined) {
    const first = failure.kind === "rows" ? failure.violations : broken === undefined ? [] : [broken];
    // Where two work at once, the data of another table may not be there yet.
    const all =
      failure.kind === "rows" && jobs === 1 ? await brokenForeignKeys(database, name, manifest, signal) : first;
    return new Unrestorable(`${what}: ${await describeViolations(live, all.length > 0 ? all : first)}`);
  }
  return failure.kind === "names" ? new Unrestorable(`${what}: ${said}`) : new Refusal(`${what}: ${said}`);
}

const FOREIGN_KEYS = `
  list=$(mktemp)
  trap 'rm -f "$list"' EXIT
  pg_restore --list "$2" | grep ' FK CONSTRAINT ' >"$list"
  pg_restore --dbname="$1" --use-list="$list" "$2"`;

/** All of the foreign keys that the rows break, and not only the first: the data and the keys that they refer to are there. */
async function brokenForeignKeys(
  database: Database,
  name: string,
  { id }: BackupManifest,
  signal: AbortSignal,
): Promise<Violation[]> {
  const command = ["sh", "-c", FOREIGN_KEYS, "-", CONNECTION(name), dumpFile(id)];
  const { stderr } = await database.run(client(command), { signal });
  return foreignKeys(stderr);
}
