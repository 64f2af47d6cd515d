import type { Migration } from "../facts";
import { type Reading, unread } from "./reading";

/** A migration that the target release will run. */
export interface PendingMigration extends Reading {
  readonly file: string;
}

/** How the database's schema and a release relate. The application knows a migration by its file name alone. */
export interface SchemaDifference {
  readonly pending: readonly PendingMigration[];
  /** Applied, as the database says, and of no release that is known to have run: they may be pending as well. */
  readonly unexplained: readonly PendingMigration[];
  /** Applied files that the release does not know: the schema is ahead of it. */
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

/** What the target runs, or may run, for all that is known. */
export function mayRun(schema: Pick<SchemaDifference, "pending" | "unexplained"> | undefined): PendingMigration[] {
  return schema === undefined ? [] : [...schema.pending, ...schema.unexplained];
}

function judged(files: readonly Migration[]): PendingMigration[] {
  return inFileOrder(files).map(({ file, reading = unread("it has not been read") }) => ({ file, ...reading }));
}

/** The files that are applied and not known. */
export function beyond(applied: readonly string[], known: readonly string[]): string[] {
  const files = new Set(known);
  return applied.filter((file) => !files.has(file));
}

/** The order in which the application runs them; not that of a locale, where `_` may count for nothing. */
function inFileOrder(files: readonly Migration[]): Migration[] {
  return files.toSorted((one, other) => (one.file < other.file ? -1 : 1));
}
