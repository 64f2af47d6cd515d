import { newestBackup } from "./backups";
import type { Situation } from "./situation";

/** What the backup of this update is expected to be, scaled from the newest one by the size of the database. */
export interface BackupEstimate {
  readonly databaseBytes: number;
  readonly bytes: number;
  /** Undefined where no backup was ever taken, and `bytes` is the size of the database then: not more than that. */
  readonly seconds?: number | undefined;
}

/** What the update writes to one file system, head room included, and what is free there. */
export interface DiskNeed {
  readonly of: "data" | "backups" | "data and backups";
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
 * Per file system: the dump where the backups lie; a restored database where the data lie, be it for the rehearsal or
 * beside the live one. What is restored for good is not rehearsed: the restore itself shows that it can be.
 */
export function estimateDisk({ facts, settings, restore }: Situation, backup: BackupEstimate): DiskNeed[] {
  if (facts?.database === undefined) return [];
  const { freeDataBytes, freeBackupBytes, sameFileSystem } = facts.database;
  const rehearsed = settings.rehearsal === "off" ? 0 : backup.databaseBytes;
  const restored = restore?.databaseBytes ?? rehearsed;
  const data = restored + Math.min(restored, WAL_BYTES);
  if (sameFileSystem) return [need("data and backups", data + backup.bytes, freeDataBytes)];
  return [...(data > 0 ? [need("data", data, freeDataBytes)] : []), need("backups", backup.bytes, freeBackupBytes)];
}

function need(of: DiskNeed["of"], bytes: number, freeBytes: number): DiskNeed {
  return { of, neededBytes: Math.ceil(bytes * (1 + HEADROOM_SHARE)) + HEADROOM_BYTES, freeBytes };
}
