import type { Definition } from "../../release/records/definition";
import type { BackupManifest, Proof } from "../../release/records/manifest";
import { hasApplicationRole } from "../../host/database/application-role";
import { createCopy, dropDatabase } from "../../host/database/scratch";
import { complaint, type Database, identifier, MAINTENANCE } from "../../host/database/database";
import { claimLoader, LOADER, removeLoader } from "../../host/database/loader";
import { type Needed, Unrestorable } from "./proof";
import { brokenRule, failedObject, firstError, foreignKeys, restoreFailure, type Violation } from "./failure";
import { foreignKeySteps, type Plan, restoreByPasses } from "./passes";
import { doSteps, type Restored } from "./steps";
import { difference, type Rows } from "../../host/database/rows";
import { Refusal, say } from "../../host/output";
import { dumpFile } from "../../host/backups/store";
import { describeViolations } from "./violations";

export interface Restoring {
  readonly manifest: BackupManifest;
  readonly definition: Definition;
  readonly purpose: Proof["by"];
  readonly jobs: number;
  readonly live: Database;
}

/**
 * Whether the server can compress large values with lz4, which takes a fifth of the time of pglz, its own method: a
 * restore of 1.2 GB of text took 7 s instead of 25 s. The setting exists from PostgreSQL 14 on, and has the value only
 * where the server was built with the library.
 */
const KNOWS_LZ4 = "SELECT 1 FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)";

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
export async function restoreAnyWay(
  database: Database,
  name: string,
  restoring: Restoring,
  known: Needed | undefined,
  signal: AbortSignal,
): Promise<Needed> {
  try {
    return await restoreAgain(database, name, restoring, known, signal);
  } catch (error) {
    // A role that may log in is not left behind.
    await removeLoader(database).catch((reason: unknown) => {
      say(`The role ${LOADER} could not be removed (${complaint(reason)}); the next restore removes it`);
    });
    throw error;
  }
}

async function restoreAgain(
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
  const [tablespaces, [lz4], handedOver] = await Promise.all([
    database.query("SELECT spcname FROM pg_tablespace", MAINTENANCE),
    database.query(KNOWS_LZ4, MAINTENANCE),
    hasApplicationRole(database),
    claimLoader(database),
  ]);
  const flags = flagsFor(restoring, tablespaces);
  for (;;) {
    await dropDatabase(database, name);
    await createCopy(database, name, definition.database, tablespaces);
    const restored = restoredBy(attempt, name, restoring, flags, lz4 !== undefined);
    const passed = await restoreByPasses(database, restored, handedOver, signal);
    if ("rows" in passed) {
      mustHaveAll(manifest, passed.rows);
      return attempt;
    }
    const { failure, plan } = passed;
    const next = await nextAttempt(database, restoring, attempt, failure);
    if (next === undefined) throw await refusalOf(database, restoring, restored, failure, plan, signal);
    say(`${manifest.id}: ${firstError(failure)}${next.why}; restored anew`);
    attempt = next.attempt;
  }
}

function mustHaveAll({ id, rows }: BackupManifest, found: Rows): void {
  const unequal = difference(rows, found);
  if (unequal !== undefined) throw new Unrestorable(`the backup ${id} is not what was dumped: ${unequal}`);
}

/** Scratch copies subscribe to nothing; a tablespace that the server lacks is replaced by its default one. */
function flagsFor({ purpose, definition }: Restoring, here: readonly string[]): string[] {
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

/** Of the new database, as an attempt fills it. */
function restoredBy(
  { way, megabytes, workers }: Attempt,
  name: string,
  { manifest, definition, jobs, purpose }: Restoring,
  flags: readonly string[],
  knowsLz4: boolean,
): Restored {
  // What is restored is thrown away when the server crashes meanwhile: its commits need not wait for the disk.
  const settings = [
    "-c synchronous_commit=off",
    `-c maintenance_work_mem=${megabytes}MB`,
    ...(workers === undefined ? [] : [`-c max_parallel_maintenance_workers=${workers}`]),
    // What stays keeps the method of its server: a build without the library could not read it.
    ...(knowsLz4 && purpose !== "restore" ? ["-c default_toast_compression=lz4"] : []),
  ].join(" ");
  const { searchPath } = definition.database;
  const { id } = manifest;
  return {
    id,
    name,
    way,
    flags,
    settings,
    searchPath,
    file: dumpFile(id),
    directly: [`--jobs=${jobs}`, "--exit-on-error"],
  };
}

/** Why it cannot be restored; an end that is the server's says nothing about the backup. */
async function refusalOf(
  database: Database,
  { manifest, live }: Restoring,
  restored: Restored,
  said: string,
  plan: Plan | undefined,
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
  if (failure.kind === "login") return new Refusal(`${what}: ${await notLetIn(database)}: ${firstError(said)}`);
  if (failure.kind === "rights") return new Unrestorable(`${what}: ${lackingRight(said)}`);
  if (failure.kind === "rows" || broken !== undefined) {
    const first = failure.kind === "rows" ? failure.violations : broken === undefined ? [] : [broken];
    const all =
      failure.kind === "rows" && plan !== undefined ? await brokenForeignKeys(database, restored, plan, signal) : first;
    return new Unrestorable(`${what}: ${await describeViolations(live, all.length > 0 ? all : first)}`);
  }
  return failure.kind === "names" ? new Unrestorable(`${what}: ${said}`) : new Refusal(`${what}: ${said}`);
}

async function notLetIn(database: Database): Promise<string> {
  const [file = "pg_hba.conf"] = await database.query("SHOW hba_file", MAINTENANCE);
  return `the server does not let ${LOADER} in over its own socket, the role as which rows are loaded. In ${file} of ${database.container}, before all other lines: local all ${LOADER} trust, then SELECT pg_reload_conf()`;
}

function lackingRight(said: string): string {
  return `what it runs when rows are loaded or checked runs as the owner of the table, and needs a right that he does not have (${failedObject(said) ?? "a rule"}): ${said}`;
}

/** All of the foreign keys that the rows break, and not only the first: the data and the keys that they refer to are there. */
async function brokenForeignKeys(
  database: Database,
  restored: Restored,
  plan: Plan,
  signal: AbortSignal,
): Promise<Violation[]> {
  const all = { ...restored, way: "pg_restore", flags: [], directly: [] } as const;
  const found: Violation[] = [];
  for (const steps of foreignKeySteps(plan)) {
    const { failure } = await doSteps(database, all, steps, signal);
    found.push(...foreignKeys(failure ?? ""));
  }
  return found;
}
