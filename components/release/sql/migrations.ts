import type { Migration } from "../facts";
import { type Reading, unread } from "./reading";

/** A migration that the target release will run. */
export interface PendingMigration extends Reading {
  readonly file: string;
}

/** How the database's schema and a release differ. The application knows a migration by its file name alone. */
export interface SchemaDifference {
  readonly pending: readonly PendingMigration[];
  /**
   * Migrations that only the database says are applied, because no release with them is known to have run: they may be
   * pending.
   */
  readonly unexplained: readonly PendingMigration[];
  /** Applied migrations that the release does not have: the schema is ahead of the release. */
  readonly ahead: readonly string[];
}

export function compareSchema(
  applied: readonly string[],
  known: readonly Migration[],
  unexplained: readonly string[] = [],
): SchemaDifference {
  const done = new Set(applied);
  return {
    pending: judged(known.filter(({ file }) => !done.has(file))),
    unexplained: judged(known.filter(({ file }) => done.has(file) && unexplained.includes(file))),
    ahead: beyond(
      applied,
      known.map(({ file }) => file),
    ),
  };
}

/** The migrations that the target runs, or may run. */
export function mayRun(schema: Pick<SchemaDifference, "pending" | "unexplained"> | undefined): PendingMigration[] {
  return schema === undefined ? [] : [...schema.pending, ...schema.unexplained];
}

function judged(files: readonly Migration[]): PendingMigration[] {
  return inFileOrder(files).map(({ file, reading = unread("it has not been read") }) => ({ file, ...reading }));
}

/** The applied files that are not among the known ones. */
export function beyond(applied: readonly string[], known: readonly string[]): string[] {
  const files = new Set(known);
  return applied.filter((file) => !files.has(file));
}

/** Sorts in the order in which the application runs the files, and not by a locale, which may ignore `_`. */
function inFileOrder(files: readonly Migration[]): Migration[] {
  return files.toSorted((one, other) => (one.file < other.file ? -1 : 1));
}
