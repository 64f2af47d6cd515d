import { randomUUID } from "node:crypto";
import { MIGRATIONS_TABLE } from "../../release/records/tables";
import { APPLICATION_ROLE, DATABASE, SUPERUSER } from "../../release/names";
import type { DockerClient } from "../docker/client";

/** Seconds after which an inspection gives up. Facts that the server has not answered by then are not known. */
const PATIENCE_SECONDS = 30;

/** The psql command of all sessions: it reads no file of its user, and ends at the first error. */
export const PSQL = "psql --no-psqlrc -v ON_ERROR_STOP=1";
/** Quiet, tuples only, unaligned: psql prints only the answers. */
export const PSQL_ANSWERS = `${PSQL} -qAt`;

/** The settings of our sessions, or of a role, that only a superuser may set. */
export const SUPERUSER_SETTINGS = { temp_file_limit: "-1", session_replication_role: "origin", lc_messages: "C" };

/**
 * Shell that puts the settings of our sessions into variables. They override those of the server, the database and the
 * role: a limit that is meant for the application must not end a dump, a count or a lock; the pauses of a VACUUM must not
 * make that of a restored database take hours; a default role or a read-only
 * default must not block a restore; messages must be in English, in which they are recognised. Login triggers of the
 * application are not fired. Names without a schema are PostgreSQL's own: the application may create a function of any
 * name, which must not run as the superuser (https://wiki.postgresql.org/wiki/A_Guide_to_CVE-2018-1058). A setting that
 * an older server does not know is left out, because the server would refuse the connection.
 *
 * `$anyone` has the settings that every role may set. `$options` adds those that only a superuser may set. `$asking` is
 * for sessions that read answers, and adds two settings: answers are in UTF-8, in any encoding of the database, and no
 * view is read. A table may become a view between a look-up and the read, and a view runs code of its owner
 * (https://www.postgresql.org/support/security/CVE-2024-7348/); the setting exists from these minor versions on.
 * pg_restore must read views, to fill materialized ones, and pg_dump has the setting by itself.
 */
export const SETTINGS = `
  anyone='-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c role=none'
  anyone="$anyone -c vacuum_cost_delay=0"
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

/** Gives the words of a client of the server, for a session with these settings. */
export function client(command: readonly string[], settings: "options" | "asking" = "options"): string[] {
  return ["sh", "-c", `${SETTINGS}\n  export PGOPTIONS="$${settings}"; exec "$@"`, "-", ...command];
}

const ASKING = client([...PSQL_ANSWERS.split(" "), "-U", SUPERUSER], "asking");

/**
 * The user `nobody`, with the group that may use the socket. If something makes psql run a shell command, this user has
 * no rights. The server does not ask for a password over its local socket.
 */
const AS_NOBODY = "--user=65534:postgres";

/** Gives the words of `docker` that start a session in the server's own container. */
export function psqlIn(postgres: string, database: string, options: readonly string[] = []): string[] {
  return ["exec", "-i", AS_NOBODY, ...options, postgres, ...ASKING, "-d", database];
}

/**
 * Runs a query for an inspection, over the local socket in the database's container, with a time limit.
 * `Database.query` has no limit: work on the database may take long.
 */
export async function psql(docker: DockerClient, postgres: string, sql: string): Promise<string> {
  return (await docker.run(psqlIn(postgres, DATABASE), `${sql}\n`, PATIENCE_SECONDS)).trim();
}

/** Runs several queries in one session, and gives the answer to each. If one fails, all fail. */
export async function psqlEach(
  docker: DockerClient,
  postgres: string,
  questions: readonly string[],
): Promise<string[]> {
  const mark = randomUUID();
  const asked = questions.join(`\n\\echo ${mark}\n`);
  const told = await docker.run(psqlIn(postgres, DATABASE), `${asked}\n`, PATIENCE_SECONDS * questions.length);
  return told.split(mark).map((answer) => answer.trim());
}

/** The oid of the role of the application: its own, or, before that was created, the superuser. */
const WORKING_AS = `
  (SELECT oid FROM pg_roles WHERE rolname IN ('${SUPERUSER}', '${APPLICATION_ROLE}')
    ORDER BY rolname = '${APPLICATION_ROLE}' DESC LIMIT 1)`;

/** Gives the `search_path` that a session of a role starts with in this database, by the precedence of ALTER ROLE. */
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
 * For psql: sets a variable to the value of an expression under the application's own `search_path`. All names in the
 * expression must have a schema: without it, a name may mean a function of the application.
 */
export function asTheApplication(variable: string, expression: string): string {
  return `
    SELECT regexp_replace(${searchPathOf(WORKING_AS)}, '"?\\$user"?', quote_ident(pg_get_userbyid(${WORKING_AS})), 'g') AS ${variable} \\gset
    SELECT set_config('search_path', :'${variable}', false) AS ${variable} \\gset
    SELECT ${expression} AS ${variable} \\gset
    SELECT pg_catalog.set_config('search_path', 'pg_catalog', false) AS nestfleet_path \\gset`;
}

/** For psql: sets `schemas` to the schemas in which the application looks for its tables, in that order. */
export const APPLICATION_SCHEMAS = `${asTheApplication("schemas", "pg_catalog.current_schemas(false)")}
    SELECT ARRAY(
      SELECT name FROM unnest(:'schemas'::name[]) WITH ORDINALITY path (name, place)
       WHERE name !~ '^pg_' AND name <> 'information_schema' ORDER BY place) AS schemas \\gset`;

/**
 * For psql: reads the table of applied migrations, `%s`, and reads nothing where there is no such table. It exists from
 * the first migration on. A view of that name is not read, because it could run anything.
 */
export function askMigrations(statement: string): string {
  return `${asTheApplication("migrations", `coalesce(pg_catalog.to_regclass('${MIGRATIONS_TABLE}')::pg_catalog.oid, 0::pg_catalog.oid)`)}
    SELECT format('${statement}', oid::regclass) FROM pg_class WHERE oid = :migrations AND relkind IN ('r', 'p') \\gexec`;
}

/** Gives the migrations in the order in which the application runs them, in any locale of the database. */
export const APPLIED_MIGRATIONS = askMigrations('SELECT filename FROM %s ORDER BY filename COLLATE "C"');
