import { COUNTED_TABLES } from "../../release/records/tables";
import { type Session } from "./session";

/** The locks are the weakest there are, and are those of a dump. */
export const COUNT = `
  SELECT format('SELECT json_build_array(%L, count(*)) FROM ONLY %I.%I;', n.nspname || '.' || c.relname, n.nspname, c.relname)
    FROM ${COUNTED_TABLES}
    ORDER BY n.nspname, c.relname
  \\gexec`;

/** Rows per table, by `schema.table`. */
export type Rows = Readonly<Record<string, number>>;

export async function countRows(session: Session): Promise<Rows> {
  return counted(await session.query(COUNT));
}

/** What psql has answered. */
export function counted(answers: readonly string[]): Rows {
  return Object.fromEntries(answers.map((answer) => JSON.parse(answer) as [string, number]));
}

/** The first few tables whose rows differ, in words; undefined when all are equal. */
export function difference(expected: Rows, found: Rows): string | undefined {
  const tables = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  const rows = (count: number | undefined) => (count === undefined ? "no table" : `${count} rows`);
  const unequal = tables.filter((table) => expected[table] !== found[table]);
  if (unequal.length === 0) return undefined;
  return unequal
    .slice(0, 5)
    .map((table) => `${table} has ${rows(found[table])} instead of ${rows(expected[table])}`)
    .join("; ");
}
