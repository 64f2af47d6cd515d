import type { HostFacts } from "../facts";
import { compareBackupIds, isInFuture } from "./backup-id";
import type { HistoryEntry } from "./history";
import type { BackupManifest } from "./manifest";
import { beyond } from "../sql/migrations";
import type { Version } from "../version";
import { firstOf } from "../words";

/** Backups by their dates; both lists keep the order of the input. */
export interface Dated<T> {
  readonly backups: readonly T[];
  /** Backups that are dated in the future: they are chosen only where they are named. */
  readonly future: readonly T[];
}

/** Sorts backups by their dates. Where the time is not known, no backup counts as dated in the future. */
export function byDate<T extends Pick<BackupManifest, "id">>(all: readonly T[], now: number | undefined): Dated<T> {
  const isFuture = ({ id }: T) => now !== undefined && isInFuture(id, now);
  return { backups: all.filter((one) => !isFuture(one)), future: all.filter(isFuture) };
}

/** Warns of backups that are dated in the future; gives nothing where there are none. */
export function futureTold(future: readonly Pick<BackupManifest, "id">[]): string[] {
  if (future.length === 0) return [];
  const names = firstOf(future.map(({ id }) => id));
  return [
    `backups that are dated in the future count only where they are named: ${names}; ` +
      "set the clock of the Docker host if it is behind (timedatectl shows it), else find out what has written them",
  ];
}

/** The backup with that id, whatever its date. */
export function backupNamed(
  { backups, future = [] }: Pick<HostFacts, "backups" | "future">,
  named: string | undefined,
): BackupManifest | undefined {
  return [...backups, ...future].find(({ id }) => id === named);
}

/** The file and the reason, where a file with that id looks like a backup and does not count as one. */
export function brokenNamed(broken: readonly string[], id: string): string | undefined {
  return broken.find((file) => file.startsWith(`${id}.`));
}

/** The newest backup of a release, by its id, which grows even when a clock is set back. */
export function newestBackup(backups: readonly BackupManifest[], version?: string): BackupManifest | undefined {
  return backups
    .filter((backup) => version === undefined || backup.version === version)
    .reduce<BackupManifest | undefined>(
      (newest, backup) => (newest && compareBackupIds(newest.id, backup.id) > 0 ? newest : backup),
      undefined,
    );
}

/**
 * The newest backup that a release can run on. The name of a backup does not decide: after a killed update, the old
 * release runs on a schema that the new one has already migrated, and backups of that time have the same schema.
 */
export function newestFitting(facts: HostFacts, to: Version): BackupManifest | undefined {
  return newestBackup(fittingBackups(facts, to));
}

/** The backups that a release can run on, in the order of the facts: oldest first. */
export function fittingBackups(facts: HostFacts, to: Version): BackupManifest[] {
  return facts.backups.filter((backup) => fits(backup, facts, to));
}

/** True when the backup belongs to this release, and the release has every migration of its schema. */
export function fits({ version, migrations }: BackupManifest, { target }: HostFacts, to: Version): boolean {
  const known = target?.migrations.map(({ file }) => file) ?? migrations;
  return version === to.tag && beyond(migrations, known).length === 0;
}

/**
 * The backup with which a new one is compared: the newest, or a backup that was restored later, because the database
 * should have the data of that one now.
 */
export function baseline(
  backups: readonly BackupManifest[],
  history: readonly Pick<HistoryEntry, "at" | "replaced" | "restored" | "verdict">[],
): BackupManifest | undefined {
  const newest = newestBackup(backups);
  // A restore and its undo both replace the database.
  const last = history.findLast(({ replaced, verdict }) => replaced !== undefined && verdict !== "failed");
  if (newest === undefined || last?.restored === undefined) return newest;
  if (Date.parse(last.at) < Date.parse(newest.takenAt)) return newest;
  return backups.find(({ id }) => id === last.restored) ?? newest;
}

/** The last proof of any backup: the next backup of the same database needs the same way, time and memory. */
export function lastProof(backups: readonly BackupManifest[]): BackupManifest["proven"] {
  return backups
    .flatMap(({ proven }) => proven ?? [])
    .reduce<BackupManifest["proven"]>(
      (last, proven) => (last && Date.parse(last.at) >= Date.parse(proven.at) ? last : proven),
      undefined,
    );
}
