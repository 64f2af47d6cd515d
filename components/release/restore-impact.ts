import type { LiveData } from "./facts";
import type { HistoryEntry } from "./records/history";
import type { BackupManifest } from "./records/manifest";
import type { PlanContext } from "./plan-context";

/** What a restore puts back, and what goes with the data that it replaces. */
export interface RestoreImpact {
  readonly manifest: BackupManifest;
  /** Of the backup, by the clock of the Docker host; undefined where that is behind it. */
  readonly ageSeconds?: number | undefined;
  /** Rows by table (`schema.table`) that the live database has beyond the backup; only tables that have more. */
  readonly added: Readonly<Record<string, number>>;
  /** False when the rows are an estimate, or could not be counted. */
  readonly exact: boolean;
  /** Of the live database, ISO 8601, UTC; undefined where the server does not know. */
  readonly lastWrite?: string | undefined;
  /** Until the restored database is ready beside the live one. */
  readonly seconds: number;
}

/** Releases and hosts change: only so many of the last restores count. */
const RECENT = 3;

/** The longest time for which the last restores here have held requests; undefined before the first. */
export function longestHeld(history: readonly HistoryEntry[]): number | undefined {
  const times = history.flatMap(({ verdict, heldSeconds }) =>
    verdict === "failed" || heldSeconds === undefined || heldSeconds <= 0 ? [] : [heldSeconds],
  );
  return times.length === 0 ? undefined : Math.max(...times.slice(-RECENT));
}

/**
 * Where no restore was measured: one builds indexes and counts rows. It took 10.4 s with two jobs, without the count, where
 * a dump took 4.8 s.
 */
const RESTORE_PER_DUMP = 2.5;

/** Undefined when this update restores nothing. */
export function restoreImpact({ restore: manifest, facts }: PlanContext): RestoreImpact | undefined {
  if (manifest === undefined) return undefined;
  return {
    manifest,
    ageSeconds: ageOf(manifest, facts?.clock),
    added: rowsBeyond(facts?.live?.rows ?? {}, manifest.rows),
    exact: facts?.live?.exact ?? false,
    lastWrite: facts?.live?.lastWrite,
    seconds: Math.max(1, manifest.proven?.seconds ?? RESTORE_PER_DUMP * manifest.seconds),
  };
}

function ageOf({ takenAt }: BackupManifest, clock = Number.NaN): number | undefined {
  const seconds = clock - Date.parse(takenAt) / 1000;
  return seconds >= 0 ? seconds : undefined;
}

/** By how many rows each table exceeds the same one of a backup; the others are left out. */
export function rowsBeyond(live: LiveData["rows"], backup: BackupManifest["rows"]): Record<string, number> {
  const beyond = Object.entries(live).map(([table, rows]) => [table, rows - (backup[table] ?? 0)] as const);
  return Object.fromEntries(beyond.filter(([, rows]) => rows > 0));
}
