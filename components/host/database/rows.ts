import { COUNTED_TABLES } from "../../release/records/tables";
import type { LiveData } from "../../release/facts";
import type { DockerClient } from "../docker/client";
import { DockerError, jsonIn } from "../docker/errors";
import { psql } from "./psql";
import type { Session } from "./session";

/** Rows per table, by `schema.table`. */
export type Rows = Readonly<Record<string, number>>;

/** One statement for each table. It locks only that table, with the weakest lock there is, as a dump does. */
export const COUNT = `
  SELECT format('SELECT json_build_array(%L, count(*)) FROM ONLY %I.%I;', n.nspname || '.' || c.relname, n.nspname, c.relname)
    FROM ${COUNTED_TABLES}
    ORDER BY n.nspname, c.relname
  \\gexec`;

/** Counts all rows, without a time limit: a backup and a restore are compared by these numbers. */
export async function countRows(session: Session, signal?: AbortSignal): Promise<Rows> {
  return counted(await session.query(COUNT, signal));
}

/** Reads the answers to COUNT. */
export function counted(answers: readonly string[]): Rows {
  return Object.fromEntries(answers.map((answer) => jsonIn(answer, "exec") as [string, number]));
}

/** One statement for all tables, so that its time limit applies to the whole count. */
const COUNT_IN_TIME = `
  SET statement_timeout = '10s';
  SELECT 'SELECT json_object_agg(name, rows) FROM (' || string_agg(
      format('SELECT %L, count(*) FROM ONLY %I.%I', n.nspname || '.' || c.relname, n.nspname, c.relname),
      ' UNION ALL ') || ') counted (name, rows);'
    FROM ${COUNTED_TABLES}
  \\gexec`;

/** Reads the number of rows from the server's statistics. */
const ESTIMATE = `
  SELECT json_object_agg(n.nspname || '.' || c.relname, pg_stat_get_live_tuples(c.oid)) FROM ${COUNTED_TABLES};`;

/**
 * Counts rows for a preview, which must not wait: where a table is too large to be counted in time, or is locked, it
 * gives the server's estimate. The preview only shows these numbers, to say what a restore loses; nothing is compared
 * with them.
 */
export async function countOrEstimate(
  docker: DockerClient,
  postgres: string,
): Promise<Pick<LiveData, "rows" | "exact">> {
  try {
    return { rows: rowsIn(await psql(docker, postgres, COUNT_IN_TIME)), exact: true };
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    return { rows: rowsIn(await psql(docker, postgres, ESTIMATE)), exact: false };
  }
}

/** Reads the rows. Where there is no table, PostgreSQL's answer is empty. */
function rowsIn(answer: string): Rows {
  return answer === "" ? {} : (jsonIn(answer, "exec") as Rows);
}

/** Names the first few tables whose rows differ; undefined when all are equal. */
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
