import { backupNamed } from "../release/records/backups";
import { unexplained } from "../release/explanation";
import { postgresParser } from "../release/sql/parser";
import { readMigration } from "../release/sql/reading";
import type { HostFacts, Migration, MigrationFile } from "../release/facts";

/**
 * Adds to each of the target's migrations that may run what it does. PostgreSQL's parser is loaded only where there are
 * any, so a preview without a change of release does not load it.
 */
export async function withReadings(
  files: readonly MigrationFile[],
  facts: HostFacts,
  restore: string | undefined,
): Promise<Migration[]> {
  const wanted = toBeRead(files, facts, restore);
  const parser = wanted.size === 0 ? undefined : await postgresParser();
  return files.map(({ file, sql }) => ({
    file,
    ...(parser && wanted.has(file) && { reading: readMigration(parser, sql) }),
  }));
}

/** Names migrations that are not applied, or applied without an explanation, or that the backup in `restore` lacks. */
function toBeRead(files: readonly MigrationFile[], facts: HostFacts, restore: string | undefined): ReadonlySet<string> {
  const backup = backupNamed(facts, restore);
  const stay = new Set(facts.database?.applied);
  for (const file of unexplained(facts)) stay.delete(file);
  const names = files.map(({ file }) => file);
  return new Set(names.filter((file) => !stay.has(file) || backup?.migrations.includes(file) === false));
}
