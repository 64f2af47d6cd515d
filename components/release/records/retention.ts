import type { BackupManifest } from "./manifest";

/** The part of a history entry that says which releases a rollback may go back to. */
export interface Change {
  /** Tag of the release that served before; none before the first release. */
  readonly from?: string | null | undefined;
  readonly to: string;
  readonly verdict: string;
}

/** How many releases keep what a rollback to them needs. */
export const RELEASES_KEPT = 3;

/** The releases that served last, newest first. A failed update does not count, because its release did not serve. */
export function releasesKept(history: readonly Change[]): string[] {
  const served = history
    .filter(({ verdict }) => verdict !== "failed")
    .flatMap(({ from, to }) => (from ? [from, to] : [to]));
  return [...new Set(served.reverse())].slice(0, RELEASES_KEPT);
}

/**
 * The ids of the backups that are removed when `keep` are kept. The newest is never removed, nor is a backup that a
 * rollback may still need: `keep` limits disk space, and must not make a rollback impossible. A rollback needs the
 * newest backup of each release on each schema: after a failed upgrade, backups of the old release have a schema that
 * the new one has migrated, and only an earlier backup brings the old release back to its own schema.
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
