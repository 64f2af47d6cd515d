import type { HostFacts } from "./facts";
import type { HistoryEntry } from "./records/history";

/**
 * Migrations of the target that the database lists as applied, without evidence that a release with them ever ran. An
 * attacker who controls the api can write anything into the application's table, and a migration that is still to run
 * would then vanish from the plan. The evidence is the history, which lies outside of the database, and the image of
 * the running release. A backup is not evidence, because its list is a copy of that table. Where no release runs, or
 * the wanted one already does, a migration cannot break a running release.
 */
export function unexplained(
  facts: Pick<HostFacts, "database" | "target" | "serving" | "history" | "servingMigrations">,
): string[] {
  const { database, target, serving, history = [], servingMigrations = [] } = facts;
  if (database === undefined || target === undefined || serving === undefined) return [];
  if (serving.imageId === target.imageId) return [];
  const known = new Set(target.migrations.map(({ file }) => file));
  const explained = new Set([...appliedBy(history), ...servingMigrations]);
  return database.applied.filter((file) => known.has(file) && !explained.has(file));
}

/** Migrations that updates, refused ones included, have applied since the last restore, which replaced that table. */
function appliedBy(history: readonly HistoryEntry[]): string[] {
  const restored = history.findLastIndex(({ replaced, verdict }) => replaced !== undefined && verdict !== "failed");
  return history.slice(restored + 1).flatMap(({ migrations }) => migrations);
}
