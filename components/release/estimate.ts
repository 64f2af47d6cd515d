import type { Disks } from "./facts";
import { newestBackup } from "./records/backups";
import type { BackupManifest } from "./records/manifest";
import type { PlanContext } from "./plan-context";
import type { Strategy } from "./strategy";

/** The expected size and time of a backup, scaled from the newest backup by the size of the database. */
export interface BackupEstimate {
  readonly databaseBytes: number;
  readonly bytes: number;
  /**
   * Undefined where no backup was ever taken. Then `bytes` is the size of the database, which a dump does not exceed.
   */
  readonly seconds?: number | undefined;
}

export type DiskUse = keyof Disks;

/** What the update writes to one file system, including a reserve, and what is free there. */
export interface DiskNeed {
  /** What lies on the file system. */
  readonly of: readonly DiskUse[];
  readonly neededBytes: number;
  readonly freeBytes: number;
}

/** What a step writes to one file system: the sizes of dumps, and of databases that are restored. */
interface Written {
  readonly dumps?: number;
  readonly databases?: number;
}

/**
 * The reserve above what is expected. The share covers the error of the estimate: a dump of incompressible data is
 * about as large as the data. Share and bytes together keep PostgreSQL from a full disk, on which it would stop, and
 * with it the running release.
 */
const HEADROOM_SHARE = 0.2;
export const HEADROOM_BYTES = 256_000_000;
/**
 * The write-ahead log of a restore: as much as is written, until a checkpoint recycles it at `max_wal_size`, 1 GB
 * unless configured (https://www.postgresql.org/docs/current/wal-configuration.html). It is counted once, because what
 * follows the restore recycles the same files.
 */
const WAL_BYTES = 1024 ** 3;

/**
 * Gives the bytes that must be free for a step. A preview calls it for the whole update; a backup, a rehearsal and a
 * restore call it again for their own part, so they do not refuse on the same disk what the preview has accepted.
 */
export function neededBytes({ dumps = 0, databases = 0 }: Written): number {
  const written = dumps + databases + Math.min(databases, WAL_BYTES);
  return Math.ceil(written * (1 + HEADROOM_SHARE)) + HEADROOM_BYTES;
}

/** Estimates a dump from the newest backup, in proportion to the size of the database. */
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
 * Estimates what each file system needs. The dump goes where the backups lie. A restored database lies beside the live
 * one, where the data lie; that of a rehearsal, which has a server of its own, lies where Docker keeps its own volumes.
 * A backup that is restored for good is not rehearsed, because the restore itself shows that it can be restored. An
 * update that stops the writers takes a second backup, by which time the copy of the rehearsal is removed.
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

/** Names what lies on a file system: `backups and Docker's own volumes`. */
export function diskUses(of: readonly DiskUse[]): string {
  return of.map((use) => USES[use]).join(" and ");
}
