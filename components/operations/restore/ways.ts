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

/** A copy that is to be made of a backup. */
export interface Copy {
  /** The container of the server, on which the copy gets a name; a copy that is there under it is dropped. */
  readonly database: Database;
  readonly name: string;
  readonly manifest: BackupManifest;
  /** A copy that is restored for good has its subscriptions; every other connects nowhere. */
  readonly purpose: Proof["by"];
  /** Each takes a core, of which the live database has need, too. */
  readonly jobs: number;
  /** The database that serves; the copy may be made on a server of its own. */
  readonly live: Database;
  readonly signal: AbortSignal;
}

/** The same, with what the copy is to be beside its contents. */
interface Defined extends Copy {
  readonly definition: Definition;
}

const COMPRESSION = "default_toast_compression";

/**
 * Where the server can compress large values with lz4: where its method comes from. lz4 takes a fifth of the time of
 * pglz: a restore of 1.2 GB of text took 7 s instead of 25 s. The setting exists from PostgreSQL 14 on, and has the value
 * only where the server was built with the library. PostgreSQL 19 compresses so by default.
 */
const LZ4 = `SELECT source FROM pg_settings WHERE name = '${COMPRESSION}' AND 'lz4' = ANY (enumvals)`;

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
 * Fills a new database of that name, and refuses the result unless every table has the rows that were dumped. An index
 * that needs more memory gets it, within the host's; where names are not found, the dump goes through psql with the
 * application's own `search_path`. Each attempt begins anew.
 */
export async function restoreAnyWay(copy: Defined, known: Needed | undefined): Promise<Needed> {
  const { database } = copy;
  try {
    return await restoreAgain(copy, known);
  } catch (error) {
    // A role that may log in is not left behind.
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
    say(`${manifest.id}: ${firstError(failure)}${next.why}; restored anew`);
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

/** Scratch copies subscribe to nothing; a tablespace that the server lacks is replaced by its default one. */
function flagsFor({ purpose, definition }: Defined, here: readonly string[]): string[] {
  const lacking = definition.database.tablespaces.filter((tablespace) => !here.includes(tablespace));
  if (lacking.length > 0 && purpose === "restore")
    say(`the server has no tablespace ${lacking.join(", ")}: what lay there goes into the default one`);
  return [
    // No table has policies yet when it is filled; a materialized view is, by its owner, as in production.
    "--enable-row-security",
    ...(purpose === "restore" ? [] : ["--no-subscriptions"]),
    ...(lacking.length > 0 ? ["--no-tablespaces"] : []),
  ];
}

/** Undefined where trying once more is of no use. */
async function nextAttempt({ database, jobs }: Defined, attempt: Attempt, said: string) {
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

/** Says how an attempt fills the new database. */
function fillingBy(
  { way, megabytes, workers }: Attempt,
  { database, name, manifest, definition, jobs, signal }: Defined,
  { flags, usesLz4 }: { readonly flags: readonly string[]; readonly usesLz4: boolean },
): Filling {
  // What is restored is thrown away when the server crashes meanwhile: its commits need not wait for the disk.
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
