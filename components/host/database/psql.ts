import { randomUUID } from "node:crypto";
import { MIGRATIONS_TABLE } from "../../release/records/tables";
import { APPLICATION_ROLE, DATABASE, SUPERUSER } from "../../release/names";
import type { DockerClient } from "../docker/client";

/** Seconds after which an inspection gives up: what the server does not answer by then is not known. */
const PATIENCE_SECONDS = 30;

/** The client in all of its uses here: it reads no file of its user's, and ends at the first error. */
export const PSQL = "psql --no-psqlrc -v ON_ERROR_STOP=1";
/** Quiet, tuples only, unaligned: the lines that it prints are the answers. */
export const PSQL_ANSWERS = `${PSQL} -qAt`;

/** What only a superuser may set for a session of ours, or for a role. */
export const SUPERUSER_SETTINGS = { temp_file_limit: "-1", session_replication_role: "origin", lc_messages: "C" };

/**
 * Shell that puts the settings of our sessions into variables. They are over those of the server, the database and the
 * role: a limit that is meant for the application must not end a dump, a count or a lock; a default role or a read-only
 * default must not refuse a restore; messages come in the language in which they are recognised. A trigger at login is the
 * application's own affair. Names without a schema are PostgreSQL's own: the application may create a function of any
 * name, which must not run as the superuser (https://wiki.postgresql.org/wiki/A_Guide_to_CVE-2018-1058). A setting that an
 * older server does not know is left out, because the server would refuse the connection.
 *
 * `$anyone` has what every role may set. `$options` has what only a superuser may set, too. `$asking` is for sessions that
 * ask, and adds two settings: the answers are in UTF-8, whatever the database is in, and no view is read. A table that was
 * looked up may be a view by the time it is read, and a view runs what its owner has put into it
 * (https://www.postgresql.org/support/security/CVE-2024-7348/); the setting exists from these minor versions on. pg_restore
 * must read views, which materialized ones are filled from, and pg_dump has the setting by itself.
 */
export const SETTINGS = `
  anyone='-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c role=none'
  anyone="$anyone -c default_transaction_read_only=off -c standard_conforming_strings=on -c search_path=pg_catalog"
  options='${Object.entries(SUPERUSER_SETTINGS)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(" ")}'
  version=$(psql --version); version=\${version##*PostgreSQL) }; major=\${version%%[!0-9]*}
  if [ "$major" -ge 14 ]; then anyone="$anyone -c idle_session_timeout=0"; fi
  if [ "$major" -ge 17 ]; then anyone="$anyone -c transaction_timeout=0"; options="$options -c event_triggers=off"; fi
  options="$anyone $options"
  asking="$options -c client_encoding=UTF8"
  minor=\${version#*.}; minor=\${minor%%[!0-9]*}
  case "$major" in 13) since=16 ;; 14) since=13 ;; 15) since=8 ;; 16) since=4 ;; *) since=0 ;; esac
  if [ "$major" -ge 13 ] && [ "\${minor:-0}" -ge "$since" ]; then
    asking="$asking -c restrict_nonsystem_relation_kind=view,foreign-table"
  fi`;

/** The words of a client of the server, whose session has these of the settings. */
export function client(command: readonly string[], settings: "options" | "asking" = "options"): string[] {
  return ["sh", "-c", `${SETTINGS}\n  export PGOPTIONS="$${settings}"; exec "$@"`, "-", ...command];
}

const ASKING = client([...PSQL_ANSWERS.split(" "), "-U", SUPERUSER], "asking");

/**
 * The user `nobody`, with the group that a socket may be left to: whatever makes psql run a command of the shell runs it
 * as a user who can do nothing. The server does not ask for a password over its local socket.
 */
const AS_NOBODY = "--user=65534:postgres";

/** The words of `docker` that start a session in the server's own container. */
export function psqlIn(postgres: string, database: string, options: readonly string[] = []): string[] {
  return ["exec", "-i", AS_NOBODY, ...options, postgres, ...ASKING, "-d", database];
}

/**
 * Asks the database, over the local socket of its own container, for an inspection, which has a time limit.
 * `Database.query` has none: what works on the database takes as long as it takes.
 */
export async function psql(docker: DockerClient, postgres: string, sql: string): Promise<string> {
  return (await docker.run(psqlIn(postgres, DATABASE), sql, PATIENCE_SECONDS)).trim();
}

/** Asks several questions in one session, and gives the answer to each. One that cannot be answered fails all. */
export async function psqlEach(
  docker: DockerClient,
  postgres: string,
  questions: readonly string[],
): Promise<string[]> {
  const mark = randomUUID();
  const asked = questions.join(`\n\\echo ${mark}\n`);
  const told = await docker.run(psqlIn(postgres, DATABASE), asked, PATIENCE_SECONDS * questions.length);
  return told.split(mark).map((answer) => answer.trim());
}

/** The oid of the role as which the application works here: its own, or, before that was made, the superuser. */
const WORKING_AS = `
  (SELECT oid FROM pg_roles WHERE rolname IN ('${SUPERUSER}', '${APPLICATION_ROLE}')
    ORDER BY rolname = '${APPLICATION_ROLE}' DESC LIMIT 1)`;

/** The `search_path` that a session of a role begins with in this database, by the precedence of ALTER ROLE. */
export function searchPathOf(role: string): string {
  return `coalesce(
      (SELECT substr(entry, strpos(entry, '=') + 1) FROM pg_db_role_setting s, unnest(s.setconfig) entry
        WHERE entry LIKE 'search\\_path=%' AND s.setrole IN (0, ${role})
          AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1),
      (SELECT setting FROM pg_file_settings WHERE name = 'search_path' AND applied ORDER BY seqno DESC LIMIT 1),
      (SELECT boot_val FROM pg_settings WHERE name = 'search_path'))`;
}

/**
 * For psql: sets a variable to what an expression gives under the application's own `search_path`. All of the
 * expression must be qualified: what it names without a schema may be a function of the application's.
 */
export function asTheApplication(variable: string, expression: string): string {
  return `
    SELECT regexp_replace(${searchPathOf(WORKING_AS)}, '"?\\$user"?', quote_ident(pg_get_userbyid(${WORKING_AS})), 'g') AS ${variable} \\gset
    SELECT set_config('search_path', :'${variable}', false) AS ${variable} \\gset
    SELECT ${expression} AS ${variable} \\gset
    SELECT pg_catalog.set_config('search_path', 'pg_catalog', false) AS nestfleet_path \\gset`;
}

/** For psql: sets `schemas` to those in which the application looks for its tables, in that order. */
export const APPLICATION_SCHEMAS = `${asTheApplication("schemas", "pg_catalog.current_schemas(false)")}
    SELECT ARRAY(
      SELECT name FROM unnest(:'schemas'::name[]) WITH ORDINALITY path (name, place)
       WHERE name !~ '^pg_' AND name <> 'information_schema' ORDER BY place) AS schemas \\gset`;

/**
 * For psql: asks the table in which the application keeps what it has migrated, `%s`, and asks nothing where there is
 * none. The table is there from the first migration on. A view of that name could run anything.
 */
export function askMigrations(statement: string): string {
  return `${asTheApplication("migrations", `coalesce(pg_catalog.to_regclass('${MIGRATIONS_TABLE}')::pg_catalog.oid, 0::pg_catalog.oid)`)}
    SELECT format('${statement}', oid::regclass) FROM pg_class WHERE oid = :migrations AND relkind IN ('r', 'p') \\gexec`;
}

/** In the order in which the application runs them, whatever the locale of the database. */
export const APPLIED_MIGRATIONS = askMigrations('SELECT filename FROM %s ORDER BY filename COLLATE "C"');
