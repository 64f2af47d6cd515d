import type { DockerClient } from "../docker/client";
import { jsonIn } from "../docker/errors";
import type { LiveData } from "../../release/facts";
import { psql } from "./psql";
import { countOrEstimate } from "./rows";

/** Gives nothing after a start of the server, until the first commit, and on a server that keeps no commit times. */
const LAST_WRITE = `
  SELECT to_char(
    CASE WHEN current_setting('track_commit_timestamp')::bool THEN (SELECT timestamp FROM pg_last_committed_xact()) END
      AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');`;

/** Prepared transactions outlive their sessions, and a server has few of them. */
const PREPARED = `SELECT coalesce(json_agg(gid ORDER BY prepared), '[]') FROM pg_prepared_xacts WHERE database = current_database();`;

/** Reads what is in the database now, which a restore will replace. */
export async function inspectLiveData(docker: DockerClient, postgres: string): Promise<LiveData> {
  const lastWrite = await psql(docker, postgres, LAST_WRITE);
  return {
    ...(await countOrEstimate(docker, postgres)),
    lastWrite: lastWrite === "" ? undefined : lastWrite,
    prepared: await preparedTransactions(docker, postgres),
  };
}

/**
 * Names the transactions that were prepared (`PREPARE TRANSACTION`) and have not ended: they block renaming the
 * database.
 */
export async function preparedTransactions(docker: DockerClient, postgres: string): Promise<string[]> {
  return jsonIn(await psql(docker, postgres, PREPARED), "exec") as string[];
}
