import { backupNamed } from "../release/records/backups";
import { unexplained } from "../release/explanation";
import { postgresParser } from "../release/sql/parser";
import { readMigration } from "../release/sql/reading";
import type { HostFacts, Migration, MigrationFile } from "../release/facts";

/**
 * The target's migrations, with what those do that may run. PostgreSQL's parser is loaded only where there are any: a
 * preview of a stack whose release stays is spared that.
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

/** What the database does not count as applied, or counts without a reason, or what the backup that is named has not. */
function toBeRead(files: readonly MigrationFile[], facts: HostFacts, restore: string | undefined): ReadonlySet<string> {
  const backup = backupNamed(facts, restore);
  const stay = new Set(facts.database?.applied);
  for (const file of unexplained(facts)) stay.delete(file);
  const names = files.map(({ file }) => file);
  return new Set(names.filter((file) => !stay.has(file) || backup?.migrations.includes(file) === false));
}
