import type { Disks } from "./facts";
import { newestBackup } from "./records/backups";
import type { Situation } from "./situation";

/** What the backup of this update is expected to be, scaled from the newest one by the size of the database. */
export interface BackupEstimate {
  readonly databaseBytes: number;
  readonly bytes: number;
  /** Undefined where no backup was ever taken, and `bytes` is the size of the database then: not more than that. */
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

/** PostgreSQL must never meet a full disk: it would stop, and the version that serves with it. */
const HEADROOM_SHARE = 0.1;
const HEADROOM_BYTES = 256_000_000;
/**
 * The write-ahead log of a restore: as much as is written, until a checkpoint recycles it at `max_wal_size`, 1 GB
 * unless configured (https://www.postgresql.org/docs/current/wal-configuration.html). Counted once: what comes after
 * the restore recycles the same files.
 */
const WAL_BYTES = 1024 ** 3;

/** Undefined when the update takes no backup, or the database does not run. */
export function estimateBackup({ facts }: Situation): BackupEstimate | undefined {
  if (facts?.database === undefined) return undefined;
  const { sizeBytes } = facts.database;
  const newest = newestBackup(facts.backups);
  if (newest === undefined || newest.databaseBytes <= 0) return { databaseBytes: sizeBytes, bytes: sizeBytes };
  const ratio = sizeBytes / newest.databaseBytes;
  return { databaseBytes: sizeBytes, bytes: Math.ceil(newest.bytes * ratio), seconds: newest.seconds * ratio };
}

/**
 * Per file system: the dump where the backups lie; a restored database beside the live one where the data lie, and for a
 * rehearsal, which has a server of its own, where Docker keeps what is made for a while. What is restored for good is not
 * rehearsed: the restore itself shows that it can be.
 */
export function estimateDisk({ facts, settings, restore }: Situation, backup: BackupEstimate): DiskNeed[] {
  if (facts?.database === undefined) return [];
  const { disks } = facts.database;
  const written = (bytes: number) => bytes + Math.min(bytes, WAL_BYTES);
  const bytes: Readonly<Record<DiskUse, number>> = {
    data: written(restore?.databaseBytes ?? 0),
    backups: backup.bytes,
    docker: restore !== undefined || settings.rehearsal === "off" ? 0 : written(backup.databaseBytes),
  };
  const uses = (Object.keys(bytes) as DiskUse[]).filter((use) => bytes[use] > 0 || use === "backups");
  return [...new Set(uses.map((use) => disks[use].device))].map((device) => {
    const of = uses.filter((use) => disks[use].device === device);
    const sum = of.reduce((total, use) => total + bytes[use], 0);
    const freeBytes = Math.min(...of.map((use) => disks[use].freeBytes));
    return { of, neededBytes: Math.ceil(sum * (1 + HEADROOM_SHARE)) + HEADROOM_BYTES, freeBytes };
  });
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
