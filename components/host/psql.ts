import type { DockerClient } from "../docker/client";

/** Role and database of the application, as its contract has them. */
export const ROLE = "nestfleet";
export const DATABASE = "nestfleet";

/** A server that does not answer within this is not known; an inspection must not wait for it. */
const PATIENCE_SECONDS = 30;

/**
 * Settings of every session of ours, over those of the server, the database and the role: a limit that is meant for the
 * application must not end a dump, a count or a lock; a default role or a read-only default must not refuse a restore;
 * messages come in the language in which they are recognised. A trigger at login is the application's own affair.
 * What an older server does not know is left out, because it would refuse the connection.
 */
const SETTINGS = `
  options='-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c temp_file_limit=-1'
  options="$options -c default_transaction_read_only=off -c session_replication_role=origin -c role=none"
  options="$options -c standard_conforming_strings=on -c lc_messages=C"
  version=$(psql --version); version=\${version##*PostgreSQL) }; major=\${version%%[!0-9]*}
  if [ "$major" -ge 14 ]; then options="$options -c idle_session_timeout=0"; fi
  if [ "$major" -ge 17 ]; then options="$options -c transaction_timeout=0 -c event_triggers=off"; fi`;

/** A client of the server with those settings, and with further ones, such as `-c work_mem=1GB`. */
export function client(command: readonly string[], settings = ""): string[] {
  return ["sh", "-c", `${SETTINGS}\n  export PGOPTIONS="$options $1"; shift; exec "$@"`, "-", settings, ...command];
}

/** Quiet, tuples only, unaligned, and ending at the first error. */
const PSQL = client(["psql", "--no-psqlrc", "-qAt", "-v", "ON_ERROR_STOP=1", "-U", ROLE]);

/**
 * Nobody, with the group that a socket may be left to: whatever makes psql run a command of the shell runs it as a user
 * who can do nothing. The server asks the local socket for no password.
 */
const AS_NOBODY = "--user=65534:postgres";

/** The words of `docker` that start a session in the server's own container. */
export function psqlIn(postgres: string, database: string, options: readonly string[] = []): string[] {
  return ["exec", "-i", AS_NOBODY, ...options, postgres, ...PSQL, "-d", database];
}

/** What the database answers, over the local socket of its own container. */
export async function psql(docker: DockerClient, postgres: string, sql: string): Promise<string> {
  return (await docker.run(psqlIn(postgres, DATABASE), sql, PATIENCE_SECONDS)).trim();
}
