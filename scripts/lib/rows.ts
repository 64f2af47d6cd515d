import { type Session } from "./session";

/**
 * Counts the rows of every ordinary table, partitions one by one. Not of an extension's own tables: they are made by
 * the extension, and a dump does not have them. The locks are the weakest there are, and are those of a dump.
 */
const COUNT = `
  SELECT format('SELECT json_build_array(%L, count(*)) FROM ONLY %I.%I;', n.nspname || '.' || c.relname, n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY n.nspname, c.relname
  \\gexec`;

/** Rows per table, by `schema.table`. */
export async function countRows(session: Session): Promise<Record<string, number>> {
  const answers = await session.query(COUNT);
  return Object.fromEntries(answers.map((answer) => JSON.parse(answer) as [string, number]));
}

/** The first few tables whose rows differ, in words; undefined when all are equal. */
export function difference(expected: Record<string, number>, found: Record<string, number>): string | undefined {
  const tables = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  const rows = (count: number | undefined) => (count === undefined ? "no table" : `${count} rows`);
  const unequal = tables.filter((table) => expected[table] !== found[table]);
  if (unequal.length === 0) return undefined;
  return unequal
    .slice(0, 5)
    .map((table) => `${table} has ${rows(found[table])} instead of ${rows(expected[table])}`)
    .join("; ");
}
