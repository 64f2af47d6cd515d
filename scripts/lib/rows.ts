import { COUNTED_TABLES } from "../../components/release/tables";
import { type Session } from "./session";

/** The locks are the weakest there are, and are those of a dump. */
const COUNT = `
  SELECT format('SELECT json_build_array(%L, count(*)) FROM ONLY %I.%I;', n.nspname || '.' || c.relname, n.nspname, c.relname)
    FROM ${COUNTED_TABLES}
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
