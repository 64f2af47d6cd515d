import { DATABASE, sessionName, SUPERUSER } from "../../release/names";
import { client } from "../../host/database/psql";
import { size } from "../../release/units";
import type { Database } from "../../host/database/database";
import { inspectDisks } from "../../host/database/disks";
import type { Ended } from "../../host/docker/execution";
import { Refusal, say } from "../../host/output";
import { unlessDockerFails } from "../../host/docker/errors";

/** The name of the sessions that make a backup. A session of that name without the lock was left by a killed run. */
export const APPLICATION = sessionName("backup");

export type Compression = "zstd" | "gzip";

const PROGRESS_MS = 3000;
/** How long pg_dump waits for a table that a migration has locked. */
const LOCK_WAIT = "60s";

/**
 * Gives the fastest method that pg_dump knows. Its level is 1: level 3 takes 1.5 times as long and saves hardly any space.
 * pg_dump rejects an unknown method before it looks for the server; before version 16 it knows numbers only.
 */
export async function bestCompression(database: Database): Promise<Compression> {
  const asked = ["pg_dump", "--format=custom", "--compress=zstd:1", "--host=/nonexistent"];
  const { stderr } = await database.run(asked);
  return /compress/i.test(stderr) ? "gzip" : "zstd";
}

/** A dump to make. */
interface DumpRequest {
  /** The snapshot of an open session. */
  readonly snapshot: string;
  readonly compression: Compression;
  readonly file: string;
  /** Size that the progress reports give; undefined if it is not known. */
  readonly expectedBytes: number | undefined;
  readonly signal: AbortSignal;
}

/** Dumps a snapshot into a file, which is not flushed to the disk yet. Gives the seconds that it took. */
export async function dump(database: Database, request: DumpRequest): Promise<number> {
  const { snapshot, compression, file, signal } = request;
  const started = Date.now();
  const seconds = () => (Date.now() - started) / 1000;
  const watch = setInterval(() => void report(database, request, seconds()), PROGRESS_MS);
  try {
    const ended = await database.run(
      client([
        "pg_dump",
        `--dbname=dbname=${DATABASE} user=${SUPERUSER} application_name=${APPLICATION}`,
        "--format=custom",
        `--compress=${compression === "zstd" ? "zstd:1" : "1"}`,
        `--snapshot=${snapshot}`,
        `--lock-wait-timeout=${LOCK_WAIT}`,
        "--no-sync",
        `--file=${file}`,
      ]),
      { signal },
    );
    if (ended.exitCode !== 0) throw new Refusal(await reason(database, ended));
    return seconds();
  } finally {
    clearInterval(watch);
  }
}

/** Reports progress. If the size cannot be read, nothing is reported: the dump itself fails with the reason. */
async function report(database: Database, { file, expectedBytes }: DumpRequest, seconds: number): Promise<void> {
  const found = await unlessDockerFails(database.shell('stat -c %s "$1"', [file]), undefined);
  if (found !== undefined) say(progress(Number(found), expectedBytes, seconds));
}

/** Words the progress. It leaves the expected size out once the dump is larger. */
export function progress(bytes: number, expected: number | undefined, seconds: number): string {
  const about = expected === undefined || bytes > expected ? "" : ` of about ${size(expected)}`;
  return `dump: ${size(bytes)}${about} after ${seconds.toFixed(0)} s`;
}

async function reason(database: Database, { exitCode, stderr }: Ended): Promise<string> {
  if (/No space left on device|Disk quota exceeded/i.test(stderr)) {
    const free = await inspectDisks(database.docker, database.container).then(
      ({ backups }) => backups.freeBytes,
      () => 0,
    );
    return `the disk filled up during the dump (${free} bytes were left). Make room, or move the backups to another place (nestfleet:backups)`;
  }
  if (stderr === "") return `pg_dump was killed (exit code ${exitCode})`;
  return `pg_dump fails (exit code ${exitCode}): ${stderr.replace(/^Terminated\s*/, "")}`;
}
