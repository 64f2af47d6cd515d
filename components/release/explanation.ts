import type { HostFacts } from "./facts";
import type { HistoryEntry } from "./records/history";

/**
 * Files of the target that the database says are applied, and of which nothing shows that a release ran that has them:
 * an attacker who controls the api can write anything into the application's table, and a migration that is still to run
 * would vanish from the plan. What shows it is the history, which lies outside of the database, and the image of the
 * release that serves. A backup shows nothing: its list is a copy of that table. Where no release serves, or the very
 * one that is wanted, there is none that a migration could break.
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

/** What updates have applied since the last restore, which has put another table in its place; also refused ones. */
function appliedBy(history: readonly HistoryEntry[]): string[] {
  const restored = history.findLastIndex(({ replaced, verdict }) => replaced !== undefined && verdict !== "failed");
  return history.slice(restored + 1).flatMap(({ migrations }) => migrations);
}
