import type { LiveData } from "./facts";
import type { HistoryEntry } from "./records/history";
import type { BackupManifest } from "./records/manifest";
import type { PlanContext } from "./plan-context";

/** What a restore brings back, and what is lost with the data that it replaces. */
export interface RestoreImpact {
  readonly manifest: BackupManifest;
  /** Age of the backup by the clock of the Docker host; undefined where that clock is behind the backup. */
  readonly ageSeconds?: number | undefined;
  /**
   * By how many rows each table (`schema.table`) of the live database exceeds the backup; only tables that have more.
   */
  readonly added: Readonly<Record<string, number>>;
  /** False when `added` is an estimate, or the rows could not be counted. */
  readonly exact: boolean;
  /** The last write to the live database, ISO 8601, UTC; undefined where the server does not know it. */
  readonly lastWrite?: string | undefined;
  /** The time until the restored database is ready beside the live one. */
  readonly seconds: number;
}

/** How many of the last restores count; releases and hosts change. */
const RECENT = 3;

/** The longest time for which the last restores here have held requests; undefined before the first. */
export function longestHeld(history: readonly HistoryEntry[]): number | undefined {
  const times = history.flatMap(({ verdict, heldSeconds }) =>
    verdict === "failed" || heldSeconds === undefined || heldSeconds <= 0 ? [] : [heldSeconds],
  );
  return times.length === 0 ? undefined : Math.max(...times.slice(-RECENT));
}

/**
 * How long a restore takes in proportion to its dump, where no restore was measured: a restore also builds indexes and
 * counts rows. Without the count, it took 10.4 s with two jobs where the dump took 4.8 s.
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

/** By how many rows each table exceeds the same table of a backup; tables that do not are left out. */
export function rowsBeyond(live: LiveData["rows"], backup: BackupManifest["rows"]): Record<string, number> {
  const beyond = Object.entries(live).map(([table, rows]) => [table, rows - (backup[table] ?? 0)] as const);
  return Object.fromEntries(beyond.filter(([, rows]) => rows > 0));
}
