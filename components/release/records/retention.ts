import type { BackupManifest } from "./manifest";

/** Of the history, what says which releases a rollback may go back to. */
export interface Change {
  /** Tag of the release that served before; none before the first. */
  readonly from?: string | null | undefined;
  readonly to: string;
  readonly verdict: string;
}

/** So many releases back a rollback may still go. */
export const RELEASES_KEPT = 3;

/** The releases that served last, newest first. A failed update changed nothing of what served. */
export function releasesKept(history: readonly Change[]): string[] {
  const served = history
    .filter(({ verdict }) => verdict !== "failed")
    .flatMap(({ from, to }) => (from ? [from, to] : [to]));
  return [...new Set(served.reverse())].slice(0, RELEASES_KEPT);
}

/**
 * The ids of the backups that go when `keep` are kept. Never the newest, and never one that a rollback may still need:
 * `keep` is about disk space, and giving up a way back is no way to save it. Needed is the newest of each release on
 * each schema: after an upgrade that failed, the old release is backed up on a schema that the new one has migrated,
 * and only the backup from before takes it back to its own.
 */
export function retiredBackups(
  backups: readonly Pick<BackupManifest, "id" | "version" | "migrations">[],
  keep: number,
  history: readonly Change[],
): string[] {
  const newestFirst = [...backups].reverse();
  const needed = releasesKept(history).flatMap((release) => {
    const schemas = backups.filter(({ version }) => version === release).map((backup) => [schemaOf(backup), backup.id]);
    return [...new Map(schemas as [string, string][]).values()];
  });
  const kept = new Set([...newestFirst.slice(0, Math.max(1, keep)).map(({ id }) => id), ...needed]);
  return backups.map(({ id }) => id).filter((id) => !kept.has(id));
}

function schemaOf({ migrations }: Pick<BackupManifest, "migrations">): string {
  return migrations.toSorted().join("\n");
}
