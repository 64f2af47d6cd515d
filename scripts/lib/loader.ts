import { type Database, literal, MAINTENANCE } from "./database";

/**
 * The role as which rows are loaded and rules are checked. What a dump has of expressions runs in its sessions, and may do
 * what the owner of the table may, and no more: RESET ROLE leads nowhere, because it is the session's own role.
 */
export const LOADER = "nestfleet_restore";

/** What only a superuser may set for a session of ours; the rest comes with the connection. */
const SETTINGS = ["temp_file_limit = -1", "session_replication_role = 'origin'", "lc_messages = 'C'"];

const DROP = `
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = '${LOADER}') THEN
      PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${LOADER}';
      DROP OWNED BY ${LOADER};
      DROP ROLE ${LOADER};
    END IF;`;

/** For the database in which it is. */
export const DROP_LOADER = `
  DO $do$
  BEGIN ${DROP}
  END $do$;`;

/** Removes what a restore that was killed has left of it, wherever that is. */
export async function removeLoader(database: Database): Promise<void> {
  const found = await database.query(
    `SELECT coalesce(d.datname, '${MAINTENANCE}') FROM pg_roles r
       LEFT JOIN pg_shdepend s ON s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid
       LEFT JOIN pg_database d ON d.oid = s.dbid
      WHERE r.rolname = '${LOADER}' GROUP BY 1`,
    MAINTENANCE,
  );
  if (found.length === 0) return;
  for (const name of found) await database.query(`DROP OWNED BY ${LOADER}`, name);
  await database.query(DROP_LOADER, MAINTENANCE);
}

/** The owner of the database has what belongs to a predefined role of which nobody else can be a member. */
export const ownerOf = (column: string) => `
  CASE WHEN pg_get_userbyid(${column}) = 'pg_database_owner'
       THEN (SELECT datdba FROM pg_database WHERE datname = current_database()) ELSE ${column} END`;

/**
 * Makes it anew for each owner: a password that the code of another one has given it, and a session that somebody has
 * opened with that, are the old role's. It is a member of that owner alone. What loading takes, and an owner may lack, it
 * may itself: to look into a schema, to insert into the owner's tables, to refer to those of others that are named.
 */
export function makeLoader(owner: string, referenced: readonly { schema: string; name: string }[] = []): string {
  // Not in the text of the block: names may have any character.
  return `
  SELECT set_config('nestfleet.owner', ${literal(owner)}, false),
         set_config('nestfleet.referenced', ${literal(JSON.stringify(referenced))}, false);
  DO $do$
  DECLARE
    its name := current_setting('nestfleet.owner');
    version int := current_setting('server_version_num')::int / 10000;
    statement text;
  BEGIN ${DROP}
    CREATE ROLE ${LOADER} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
    ${SETTINGS.map((setting) => `ALTER ROLE ${LOADER} SET ${setting};`).join("\n    ")}
    IF version >= 17 THEN
      ALTER ROLE ${LOADER} SET event_triggers = off;
    END IF;
    EXECUTE format('GRANT %I TO ${LOADER}', its) || CASE WHEN version >= 16 THEN ' WITH INHERIT TRUE, SET FALSE' ELSE '' END;
    FOR statement IN
      WITH relations AS (
        SELECT oid, relnamespace AS schema, relkind FROM pg_class c
         WHERE relkind IN ('r', 'p', 'f') AND pg_get_userbyid(${ownerOf("c.relowner")}) = its),
      referenced AS (
        SELECT c.oid, c.relnamespace AS schema
          FROM json_to_recordset(current_setting('nestfleet.referenced')::json) f (schema name, name name)
          JOIN pg_namespace n ON n.nspname = f.schema JOIN pg_class c ON c.relname = f.name AND c.relnamespace = n.oid),
      schemas AS (
        SELECT schema FROM relations UNION SELECT schema FROM referenced
         UNION SELECT typnamespace FROM pg_type t WHERE typtype = 'd' AND pg_get_userbyid(${ownerOf("t.typowner")}) = its)
      SELECT format('GRANT USAGE ON SCHEMA %I TO ${LOADER}', n.nspname) FROM pg_namespace n JOIN schemas ON schema = n.oid
       WHERE NOT has_schema_privilege('${LOADER}', n.oid, 'USAGE')
      UNION ALL
      SELECT format('GRANT INSERT ON %s TO ${LOADER}', oid::regclass) FROM relations
       WHERE relkind = 'r' AND NOT has_table_privilege('${LOADER}', oid, 'INSERT')
      UNION ALL
      SELECT format('GRANT %s ON %s TO ${LOADER}', privilege, oid::regclass)
        FROM referenced, unnest('{SELECT, REFERENCES}'::text[]) privilege
       WHERE NOT has_table_privilege('${LOADER}', oid, privilege)
    LOOP
      EXECUTE statement;
    END LOOP;
  END $do$;`;
}
