import type { BackupManifest } from "./manifest";

export type Extent = Pick<BackupManifest, "bytes" | "rows">;
export type Precedent = Pick<BackupManifest, "id"> & Extent;

/** Less than this part of the one before needs an explanation: a wrong database, a lost volume, a truncated table. */
const LEAST = 0.5;
/** Below this size a dump is mostly table definitions, and halving it means nothing. */
const SMALL_BYTES = 64 * 1024;
/** Likewise: a queue of a few jobs comes and goes. */
const FEW_ROWS = 100;

/**
 * Why a backup cannot be of the same database as the one before it; undefined when it can. An empty database under
 * the right name is the classic: the volume was not mounted, and the backups of the real one are about to be retired.
 */
export function wrongDatabase(rows: Extent["rows"], previous: Precedent | undefined): string | undefined {
  if (previous === undefined) return undefined;
  const before = Object.keys(previous.rows);
  const tables = new Set(Object.keys(rows));
  if (before.length === 0 || before.some((table) => tables.has(table))) return undefined;
  const now = tables.size === 0 ? "no tables at all" : `${tables.size} tables (${[...tables].slice(0, 3).join(", ")})`;
  return `the database has ${now}, and none of the ${before.length} tables of the backup before, ${previous.id}: it is another database`;
}

/** Why a backup is suspiciously small beside the one before it; undefined when it is not. */
export function shrinkage(now: Extent, previous: Precedent | undefined): string | undefined {
  if (previous === undefined) return undefined;
  const [rowsNow, rowsBefore] = [total(now.rows), total(previous.rows)];
  const fewer = rowsBefore > FEW_ROWS && rowsNow < rowsBefore * LEAST;
  const smaller = previous.bytes > SMALL_BYTES && now.bytes < previous.bytes * LEAST;
  if (!fewer && !smaller) return undefined;
  return `it has ${now.bytes} bytes and ${rowsNow} rows, the backup before, ${previous.id}, has ${previous.bytes} bytes and ${rowsBefore} rows`;
}

/** All rows of all tables. */
export function total(rows: Record<string, number>): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0);
}
