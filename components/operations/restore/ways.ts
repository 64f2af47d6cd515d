import { LOADER } from "../../release/names";
import type { Definition } from "../../release/records/definition";
import type { BackupManifest, Proof } from "../../release/records/manifest";
import { hasApplicationRole } from "../../host/database/application-role";
import { createCopy, dropDatabase } from "../../host/database/scratch";
import { complaint, type Database, MAINTENANCE } from "../../host/database/database";
import { claimLoader, removeLoader } from "../../host/database/loader";
import { type Needed, Unrestorable } from "./outcome";
import { failedObject, firstError, restoreFailure } from "./failure";
import { restoreByPasses } from "./passes";
import { refusalOf } from "./refusal";
import type { Filling } from "./steps";
import { difference, type Rows } from "../../host/database/rows";
import { Refusal, say } from "../../host/output";
import { dumpFile } from "../../host/backups/store";

/** A copy to make of a backup. */
export interface Copy {
  /** The container of the server for the copy. An existing database of the copy's name is dropped. */
  readonly database: Database;
  readonly name: string;
  readonly manifest: BackupManifest;
  /** For the purpose `restore`, the copy gets its subscriptions; any other copy must not connect to another server. */
  readonly purpose: Proof["by"];
  /** Number of parallel jobs. Each takes a core, which the live database needs, too. */
  readonly jobs: number;
  /** The live database; the copy may be made on another, temporary server. */
  readonly live: Database;
  readonly signal: AbortSignal;
}

/** The same, with the properties of the database, which are not part of its contents. */
interface Defined extends Copy {
  readonly definition: Definition;
}

const COMPRESSION = "default_toast_compression";

/**
 * Asks where the server's method of compressing large values comes from, if it can compress them with lz4, which takes a
 * fifth of the time of its default, pglz: a restore of 1.2 GB of text took 7 s instead of 25 s. The setting exists from
 * PostgreSQL 14 on, and has the value only where the server was built with the library. PostgreSQL 19 compresses with
 * lz4 by default.
 */
const LZ4 = `SELECT source FROM pg_settings WHERE name = '${COMPRESSION}' AND 'lz4' = ANY (enumvals)`;

/** The parameters of one attempt. */
interface Attempt extends Needed {
  /** Number of parallel workers of an index build, in addition to the first process; undefined for the server's default. */
  readonly workers?: number;
}

/**
 * Megabytes for an index build, at least: PostgreSQL's default. A lower setting of an operator is meant for the
 * application.
 */
const LEAST_MEGABYTES = 64;
/** Share of the free memory for all indexes that are built at the same time; the live database needs the rest. */
const SHARE = 0.5;

/**
 * Fills a new database of that name, and refuses the result unless every table has the rows that were dumped. If an index
 * needs more memory, the next attempt gives it more, as far as the Docker host has it. If a name is not found, the next
 * attempt restores through psql, with the application's own `search_path`. Each attempt begins with an empty database.
 */
export async function restoreAnyWay(copy: Defined, known: Needed | undefined): Promise<Needed> {
  const { database } = copy;
  try {
    return await restoreAgain(copy, known);
  } catch (error) {
    // The role may log in, so it must not be left behind.
    await removeLoader(database).catch((reason: unknown) => {
      say(`The role ${LOADER} could not be removed (${complaint(reason)}); the next restore removes it`);
    });
    throw error;
  }
}

async function restoreAgain(copy: Defined, known: Needed | undefined): Promise<Needed> {
  const { database, name, definition, manifest, live } = copy;
  const own = Math.round(definition.database.maintenanceKilobytes / 1024);
  let attempt: Attempt = {
    way: known?.way ?? "pg_restore",
    megabytes: Math.max(own, known?.megabytes ?? 0, LEAST_MEGABYTES),
  };
  const [tablespaces, [lz4], handedOver] = await Promise.all([
    database.query("SELECT spcname FROM pg_tablespace", MAINTENANCE),
    database.query(LZ4, MAINTENANCE),
    hasApplicationRole(database),
    claimLoader(database),
  ]);
  const server = { flags: flagsFor(copy, tablespaces), usesLz4: lz4 !== undefined && mayChoose(copy, lz4) };
  for (;;) {
    await dropDatabase(database, name);
    await createCopy(database, name, definition.database, tablespaces);
    const filling = fillingBy(attempt, copy, server);
    const passed = await restoreByPasses(filling, handedOver);
    if ("rows" in passed) {
      mustHaveAll(manifest, passed.rows);
      return attempt;
    }
    const { failure, plan } = passed;
    const next = await nextAttempt(copy, attempt, failure);
    if (next === undefined) throw await refusalOf({ filling, live, said: failure, plan });
    say(`${manifest.id}: ${firstError(failure)}${next.why}; the restore begins again`);
    attempt = next.attempt;
  }
}

/** A database that stays has the method that an operator has chosen for the server or for it, if any. */
function mayChoose({ purpose, definition }: Defined, source: string): boolean {
  if (purpose !== "restore") return true;
  return source === "default" && !definition.database.settings.some(({ name }) => name === COMPRESSION);
}

function mustHaveAll({ id, rows }: BackupManifest, found: Rows): void {
  const unequal = difference(rows, found);
  if (unequal !== undefined) throw new Unrestorable(`the backup ${id} is not what was dumped: ${unequal}`);
}

/** Gives the options of pg_restore: temporary copies get no subscriptions, and a missing tablespace is left out. */
function flagsFor({ purpose, definition }: Defined, here: readonly string[]): string[] {
  const lacking = definition.database.tablespaces.filter((tablespace) => !here.includes(tablespace));
  if (lacking.length > 0 && purpose === "restore")
    say(`the server has no tablespace ${lacking.join(", ")}: its tables and indexes go into the default tablespace`);
  return [
    // Tables have no policies yet when they are filled. A materialized view is filled by its owner, under the policies.
    "--enable-row-security",
    ...(purpose === "restore" ? [] : ["--no-subscriptions"]),
    ...(lacking.length > 0 ? ["--no-tablespaces"] : []),
  ];
}

/** Gives the next attempt; undefined if no other attempt can succeed. */
async function nextAttempt({ database, jobs }: Defined, attempt: Attempt, said: string) {
  const failure = restoreFailure(said);
  if (failure.kind === "memory" && failure.megabytes > attempt.megabytes) {
    const most = Math.floor(((await freeMegabytes(database)) * SHARE) / jobs);
    if (failure.megabytes > most)
      throw new Refusal(
        `an index needs ${failure.megabytes} MB to be built, and the Docker host has ${most} MB for one: ${objectOf(said)}`,
      );
    const why = `: the next attempt has ${failure.megabytes} MB for an index`;
    return { attempt: { ...attempt, megabytes: failure.megabytes }, why };
  }
  if (failure.kind === "workers" && attempt.workers === undefined)
    return { attempt: { ...attempt, workers: 0 }, why: ": the next attempt builds an index with one process" };
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

/** Gives the free memory of the Docker host, or the limit of the container if that is less. */
async function freeMegabytes(database: Database): Promise<number> {
  const told = await database.shell(MEMORY);
  const available = Number(/MemAvailable: +(\d+)/.exec(told)?.[1] ?? 0) * 1024;
  const limits = [...told.matchAll(/^(\d+)$/gm)].map(([limit]) => Number(limit));
  return Math.floor(Math.min(available, ...limits) / 1024 ** 2);
}

/** Gives the parameters with which an attempt fills the new database. */
function fillingBy(
  { way, megabytes, workers }: Attempt,
  { database, name, manifest, definition, jobs, signal }: Defined,
  { flags, usesLz4 }: { readonly flags: readonly string[]; readonly usesLz4: boolean },
): Filling {
  // If the server crashes meanwhile, the restore begins anew: its commits need not wait for the disk.
  const settings = [
    "-c synchronous_commit=off",
    `-c maintenance_work_mem=${megabytes}MB`,
    ...(workers === undefined ? [] : [`-c max_parallel_maintenance_workers=${workers}`]),
    ...(usesLz4 ? [`-c ${COMPRESSION}=lz4`] : []),
  ].join(" ");
  const { id } = manifest;
  return {
    database,
    name,
    id,
    file: dumpFile(id),
    way,
    searchPath: definition.database.searchPath,
    flags,
    directly: [`--jobs=${jobs}`, "--exit-on-error"],
    settings,
    signal,
  };
}
