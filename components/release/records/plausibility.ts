import type { BackupManifest } from "./manifest";

/** The size of a backup. */
export type Measure = Pick<BackupManifest, "bytes" | "rows">;
/** The backup with which a new one is compared. */
export type Baseline = Pick<BackupManifest, "id"> & Measure;

/** Less than this part of the baseline needs an explanation: a wrong database, a lost volume, a truncated table. */
const LEAST = 0.5;
/** Below this size a dump is mostly table definitions, and halving it means nothing. */
const SMALL_BYTES = 64 * 1024;
/** Below this number a halving means nothing either: a queue of a few jobs comes and goes. */
const FEW_ROWS = 100;

/**
 * Says why a backup cannot come from the same database as its baseline; undefined when it can. The usual case is an
 * empty database under the right name: the volume was not mounted, and the retention would remove the backups of the
 * real one.
 */
export function wrongDatabase(rows: Measure["rows"], baseline: Baseline | undefined): string | undefined {
  if (baseline === undefined) return undefined;
  const before = Object.keys(baseline.rows);
  const tables = new Set(Object.keys(rows));
  if (before.length === 0 || before.some((table) => tables.has(table))) return undefined;
  const now = tables.size === 0 ? "no tables at all" : `${tables.size} tables (${[...tables].slice(0, 3).join(", ")})`;
  return `the database has ${now}, and none of the ${before.length} tables of the previous backup, ${baseline.id}: it is another database`;
}

/** Says why a backup is suspiciously small compared with its baseline; undefined when it is not. */
export function implausiblySmall(now: Measure, baseline: Baseline | undefined): string | undefined {
  if (baseline === undefined) return undefined;
  const [rowsNow, rowsBefore] = [total(now.rows), total(baseline.rows)];
  const fewer = rowsBefore > FEW_ROWS && rowsNow < rowsBefore * LEAST;
  const smaller = baseline.bytes > SMALL_BYTES && now.bytes < baseline.bytes * LEAST;
  if (!fewer && !smaller) return undefined;
  return `it has ${now.bytes} bytes and ${rowsNow} rows, the previous backup, ${baseline.id}, has ${baseline.bytes} bytes and ${rowsBefore} rows`;
}

/** Adds up the rows of all tables. */
export function total(rows: Record<string, number>): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0);
}
