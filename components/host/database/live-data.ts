import { type DockerClient, DockerError } from "../docker/client";
import { COUNTED_TABLES } from "../../release/records/tables";
import type { LiveData } from "../../release/facts";
import { psql } from "./psql";

/** One statement, so that its time limit is that of the whole count. */
const COUNT = `
  SET statement_timeout = '10s';
  SELECT 'SELECT json_object_agg(name, rows) FROM (' || string_agg(
      format('SELECT %L, count(*) FROM ONLY %I.%I', n.nspname || '.' || c.relname, n.nspname, c.relname),
      ' UNION ALL ') || ') counted (name, rows);'
    FROM ${COUNTED_TABLES}
  \\gexec`;

/** As the server's own bookkeeping has them. */
const ESTIMATE = `
  SELECT json_object_agg(n.nspname || '.' || c.relname, pg_stat_get_live_tuples(c.oid)) FROM ${COUNTED_TABLES};`;

/** Nothing after a start of the server, until something is written, and on one that keeps no times of commits. */
const LAST_WRITE = `
  SELECT to_char(
    CASE WHEN current_setting('track_commit_timestamp')::bool THEN (SELECT timestamp FROM pg_last_committed_xact()) END
      AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');`;

/** They outlive their sessions, and a server has few. */
const PREPARED = `SELECT coalesce(json_agg(gid ORDER BY prepared), '[]') FROM pg_prepared_xacts WHERE database = current_database();`;

/** What is in the database now: what a restore will replace. */
export async function inspectLiveData(docker: DockerClient, postgres: string): Promise<LiveData> {
  const lastWrite = await psql(docker, postgres, LAST_WRITE);
  return {
    ...(await countOrEstimate(docker, postgres)),
    lastWrite: lastWrite === "" ? undefined : lastWrite,
    prepared: await preparedTransactions(docker, postgres),
  };
}

/** Names of the transactions that were prepared (`PREPARE TRANSACTION`) and are not ended: the database keeps its name. */
export async function preparedTransactions(docker: DockerClient, postgres: string): Promise<string[]> {
  return JSON.parse(await psql(docker, postgres, PREPARED)) as string[];
}

/** A table that is too large to count in time, or locked, has its rows estimated. */
async function countOrEstimate(docker: DockerClient, postgres: string): Promise<Pick<LiveData, "rows" | "exact">> {
  try {
    return { rows: rowsOf(await psql(docker, postgres, COUNT)), exact: true };
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    return { rows: rowsOf(await psql(docker, postgres, ESTIMATE)), exact: false };
  }
}

/** Where there is no table, PostgreSQL answers with nothing. */
function rowsOf(answer: string): Record<string, number> {
  return answer === "" ? {} : (JSON.parse(answer) as Record<string, number>);
}
