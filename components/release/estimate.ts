import type { Disks } from "./facts";
import { newestBackup } from "./records/backups";
import type { BackupManifest } from "./records/manifest";
import type { PlanContext } from "./plan-context";
import type { Strategy } from "./strategy";

/** What a backup is expected to be, scaled from the newest one by the size of the database. */
export interface BackupEstimate {
  readonly databaseBytes: number;
  readonly bytes: number;
  /** Undefined where no backup was ever taken. `bytes` is the size of the database then, which a dump does not exceed. */
  readonly seconds?: number | undefined;
}

export type DiskUse = keyof Disks;

/** What the update writes to one file system, head room included, and what is free there. */
export interface DiskNeed {
  /** What lies there. */
  readonly of: readonly DiskUse[];
  readonly neededBytes: number;
  readonly freeBytes: number;
}

/** What some work writes to one file system: the sizes of dumps, and of databases that are restored. */
interface Written {
  readonly dumps?: number;
  readonly databases?: number;
}

/**
 * Head room over what is expected. The share is for the estimate: a dump of incompressible data is about as large as the
 * data. Both are for PostgreSQL, which must never meet a full disk: it would stop, and the release that serves with it.
 */
const HEADROOM_SHARE = 0.2;
export const HEADROOM_BYTES = 256_000_000;
/**
 * The write-ahead log of a restore: as much as is written, until a checkpoint recycles it at `max_wal_size`, 1 GB
 * unless configured (https://www.postgresql.org/docs/current/wal-configuration.html). Counted once: what comes after
 * the restore recycles the same files.
 */
const WAL_BYTES = 1024 ** 3;

/**
 * Gives the bytes that must be free for some work. A preview asks it for the whole update, and a backup, a rehearsal and a
 * restore ask it again for their own part: what the preview has accepted, they do not refuse on the same disk.
 */
export function neededBytes({ dumps = 0, databases = 0 }: Written): number {
  const written = dumps + databases + Math.min(databases, WAL_BYTES);
  return Math.ceil(written * (1 + HEADROOM_SHARE)) + HEADROOM_BYTES;
}

/** Expects of a dump what the newest backup was, in proportion to the size of the database. */
export function expectedBackup(databaseBytes: number, newest: BackupManifest | undefined): BackupEstimate {
  if (newest === undefined || newest.databaseBytes <= 0) return { databaseBytes, bytes: databaseBytes };
  const ratio = databaseBytes / newest.databaseBytes;
  return { databaseBytes, bytes: Math.ceil(newest.bytes * ratio), seconds: newest.seconds * ratio };
}

/** Undefined when the database does not run. */
export function estimateBackup({ facts }: PlanContext): BackupEstimate | undefined {
  if (facts?.database === undefined) return undefined;
  return expectedBackup(facts.database.sizeBytes, newestBackup(facts.backups));
}

/**
 * Estimates the need of each file system: the dump where the backups lie; a restored database beside the live one where
 * the data lie, and for a rehearsal, which has a server of its own, where Docker keeps its own volumes. What is restored
 * for good is not rehearsed: the restore itself shows that it can be. An update that stops the writers takes a second
 * backup; the copy of the rehearsal is gone by then.
 */
export function estimateDisk(
  { facts, settings, restore }: PlanContext,
  backup: BackupEstimate,
  strategy: Strategy,
): DiskNeed[] {
  if (facts?.database === undefined) return [];
  const { disks } = facts.database;
  const rehearsed = restore !== undefined || settings.rehearsal === "off" ? 0 : backup.databaseBytes;
  const first: Readonly<Record<DiskUse, Written>> = {
    data: { databases: restore?.databaseBytes ?? 0 },
    backups: { dumps: backup.bytes },
    docker: { databases: rehearsed },
  };
  const second = { data: {}, backups: { dumps: 2 * backup.bytes }, docker: {} };
  const moments = strategy === "recreate" && restore === undefined ? [first, second] : [first];
  const uses = (Object.keys(first) as DiskUse[]).filter(
    (use) => use === "backups" || sum([first[use]], "databases") > 0,
  );
  return [...new Set(uses.map((use) => disks[use].device))].map((device) => {
    const of = uses.filter((use) => disks[use].device === device);
    const needs = moments.map((moment) => {
      const written = of.map((use) => moment[use]);
      return neededBytes({ dumps: sum(written, "dumps"), databases: sum(written, "databases") });
    });
    return { of, neededBytes: Math.max(...needs), freeBytes: Math.min(...of.map((use) => disks[use].freeBytes)) };
  });
}

function sum(written: readonly Written[], kind: keyof Written): number {
  return written.reduce((total, one) => total + (one[kind] ?? 0), 0);
}

const USES: Readonly<Record<DiskUse, string>> = {
  data: "data",
  backups: "backups",
  docker: "Docker's own volumes",
};

/** In words: `backups and Docker's own volumes`. */
export function diskUses(of: readonly DiskUse[]): string {
  return of.map((use) => USES[use]).join(" and ");
}
