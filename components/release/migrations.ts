import type { MigrationFile } from "../host/facts";
import { destructiveStatements, type Finding, isMarkedIncompatible } from "./destructive";

/** A migration that the target release will run. */
export interface PendingMigration {
  readonly file: string;
  readonly findings: readonly Finding[];
  /** Marked by its author: the version that runs cannot serve on the schema that it makes. */
  readonly incompatible: boolean;
}

/** How the database's schema and a release relate. The application knows a migration by its file name alone. */
export interface SchemaDifference {
  readonly pending: readonly PendingMigration[];
  /** Applied files that the release does not know: the schema is ahead of it. */
  readonly ahead: readonly string[];
}

export function compareSchema(applied: readonly string[], known: readonly MigrationFile[]): SchemaDifference {
  const done = new Set(applied);
  return {
    pending: inFileOrder(known.filter(({ file }) => !done.has(file))).map(({ file, sql }) => ({
      file,
      findings: destructiveStatements(sql),
      incompatible: isMarkedIncompatible(sql),
    })),
    ahead: beyond(
      applied,
      known.map(({ file }) => file),
    ),
  };
}

/** The files that are applied and not known. */
export function beyond(applied: readonly string[], known: readonly string[]): string[] {
  const files = new Set(known);
  return applied.filter((file) => !files.has(file));
}

/** The order in which the application runs them; not that of a locale, where `_` may count for nothing. */
function inFileOrder(files: readonly MigrationFile[]): MigrationFile[] {
  return files.toSorted((one, other) => (one.file < other.file ? -1 : 1));
}
