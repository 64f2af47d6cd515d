import { LOADER } from "../../release/names";
import { SUPERUSER_SETTINGS } from "./psql";
import { type Database, literal, MAINTENANCE } from "./database";
import { Refusal } from "../output";

/** The comment that marks a role of that name as ours. A role without it is not changed. */
const COMMENT = "NestFleet: made for a restore, and dropped after it";

/** Gives the condition that a role, a row of pg_roles, was made by a restore. */
export const isLoader = (role: string) =>
  `(${role}.rolname = '${LOADER}' AND coalesce(shobj_description(${role}.oid, 'pg_authid') = '${COMMENT}', false))`;

const DROP = `
    IF EXISTS (SELECT FROM pg_roles r WHERE ${isLoader("r")}) THEN
      PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${LOADER}';
      DROP OWNED BY ${LOADER};
      DROP ROLE ${LOADER};
    END IF;`;

/** The settings that the role itself needs. The others are set with the connection. */
const OVER_THE_SERVERS = Object.entries(SUPERUSER_SETTINGS)
  .map(([name, value]) => `ALTER ROLE ${LOADER} SET ${name} = ${literal(value)};`)
  .join("\n    ");

/** Removes the role, and its privileges in the database where this runs. */
export const DROP_LOADER = `
  DO $do$
  BEGIN ${DROP}
  END $do$;`;

/** Refuses where the name is taken, and removes the role that a killed restore has left. */
export async function claimLoader(database: Database): Promise<void> {
  const taken = `SELECT true FROM pg_roles r WHERE rolname = '${LOADER}' AND NOT ${isLoader("r")}`;
  const [[found]] = await Promise.all([database.query(taken, MAINTENANCE), removeLoader(database)]);
  if (found === "t")
    throw new Refusal(
      `the server has a role ${LOADER} that no restore has made, and a restore makes one of that name; give yours another one: ALTER ROLE ${LOADER} RENAME TO former_restore`,
    );
}

/** Removes the role that a killed restore has left, and its privileges in all databases. */
export async function removeLoader(database: Database): Promise<void> {
  const found = await database.query(
    `SELECT coalesce(d.datname, '${MAINTENANCE}') FROM pg_roles r
       LEFT JOIN pg_shdepend s ON s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid
       LEFT JOIN pg_database d ON d.oid = s.dbid
      WHERE ${isLoader("r")} GROUP BY 1`,
    MAINTENANCE,
  );
  if (found.length === 0) return;
  for (const name of found) await database.query(`DROP OWNED BY ${LOADER}`, name);
  await database.query(DROP_LOADER, MAINTENANCE);
}

/**
 * Objects of `pg_database_owner` count as those of the database's owner: no other role can be a member of that role.
 */
export const ownerOf = (column: string) => `
  CASE WHEN pg_get_userbyid(${column}) = 'pg_database_owner'
       THEN (SELECT datdba FROM pg_database WHERE datname = current_database()) ELSE ${column} END`;

/**
 * Makes the role that loads rows and checks constraints. Expressions in a dump run in its sessions, and have only the
 * rights of the table's owner: RESET ROLE gains nothing, because the role is the session's own.
 *
 * The role is made again for each owner: code of another owner may have set a password, and opened a session with it,
 * but both belong to the old role. The role is a member of that owner alone. It has the rights that loading needs, and
 * that an owner may lack: to use a schema, to insert into the owner's tables, to refer to the named tables of others.
 */
export function makeLoader(owner: string, referenced: readonly { schema: string; name: string }[] = []): string {
  // Names are not in the text of the block: they may contain any character.
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
    COMMENT ON ROLE ${LOADER} IS '${COMMENT}';
    ${OVER_THE_SERVERS}
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
