import type { DockerClient } from "../docker/client";
import { jsonIn } from "../docker/errors";
import type { LiveData } from "../../release/facts";
import { psql } from "./psql";
import { countOrEstimate } from "./rows";

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
  return jsonIn(await psql(docker, postgres, PREPARED), "exec") as string[];
}
