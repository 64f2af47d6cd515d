import { jsonIn, unlessDockerFails } from "../docker/errors";
import { BELONGS_TO_SUPERUSER, HAND_OVER, TO_HAND_OVER } from "./ownership";
import { APPLICATION_SCHEMAS, searchPathOf } from "./psql";
import { APPLICATION_ROLE, REPLACED_PREFIX, SUPERUSER } from "../../release/names";
import { settingValues } from "../../release/records/definition";
import { BEYOND } from "./application-role";
import { complaint, type Database, identifier, literal } from "./database";
import { tablesInUse } from "./holders";
import { Refusal, say, sleep } from "../output";

/** How long a statement waits for a table in use. Later requests to the table wait behind it for the same time. */
const LOCK_WAIT = "1500ms";
/** Milliseconds for which the handover is repeated while a table is in use. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 1000;

/**
 * Gives a database, and the superuser's objects in it, to the application, one object after the other. A request to a
 * table in use waits for 1.5 s at most, and again at the next attempt; both roles can use the table before and
 * afterwards. Does nothing where the application has no role of its own yet. Can be repeated: the database itself
 * changes its owner last, and until then its objects count as the superuser's. A previous database stays the
 * superuser's until it is swapped back.
 */
export async function handOver(database: Database, name: string, patienceMs = PATIENCE_MS): Promise<void> {
  const [owner] = await database.query(OWNER, name);
  if (owner === "none") return;
  await handOverObjects(database, name, patienceMs);
  await set(database, name, SETTINGS);
  await set(database, name, SEARCH_PATH);
  await database.query(ALSO, name);
  if (owner === "application") return; // the rest is done once, with the database itself
  for (const line of await database.query(OTHERS_TOO, name)) say(line);
  const [first] = await database.query(UNREACHABLE, name);
  if (first !== undefined)
    throw new Refusal(
      `${APPLICATION_ROLE}, the role of the application, does not have all rights on ${first} of ${name}; its owner, or ${SUPERUSER}, grants them with GRANT ALL ON … TO ${APPLICATION_ROLE}`,
    );
  for (const table of await database.query(ELSEWHERE, name))
    say(
      `${table} of ${name} is not the application's: ${APPLICATION_ROLE} has no right to write to it, unlike ${SUPERUSER}`,
    );
  if (!name.startsWith(REPLACED_PREFIX)) await database.query(DATABASE_ITSELF, name);
}

/** Hands over only the objects in the database. */
export async function handOverObjects(
  database: Database,
  name: string,
  patienceMs: number = PATIENCE_MS,
): Promise<void> {
  const started = Date.now();
  const [count = "0"] = await database.query(TO_HAND_OVER, name);
  if (count === "0") return;
  // Policies that a table forces upon its owner would now apply to the application.
  for (const line of await database.query(POLICIES, name)) say(line);
  for (;;) {
    const why = await database.query(STATEMENTS, name).then(() => undefined, complaint);
    if (why === undefined) break;
    const locked = why.includes("lock timeout");
    if (!locked || Date.now() - started > patienceMs) {
      const by = locked ? await unlessDockerFails(tablesInUse(database, name), []) : [];
      throw new Refusal([`not everything in ${name} could be given to ${APPLICATION_ROLE}: ${why}`, ...by].join("; "));
    }
    await sleep(PAUSE_MS);
  }
  say(`${count} objects in ${name} belong to ${APPLICATION_ROLE} now`);
}

/** Gives whose the database is: the superuser's or the application's; `none` if the application has no role of its own. */
const OWNER = `
  SELECT CASE WHEN NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${APPLICATION_ROLE}') THEN 'none'
              WHEN ${BELONGS_TO_SUPERUSER} THEN 'superuser' ELSE 'application' END;`;

const STATEMENTS = `SET lock_timeout = '${LOCK_WAIT}'; ${HAND_OVER} \\gexec`;

const POLICIES = `
  SELECT 'ALTER ROLE ${APPLICATION_ROLE} BYPASSRLS; SELECT ' || quote_literal('${APPLICATION_ROLE} bypasses row security, as ${SUPERUSER} did: there are tables that force it')
    FROM pg_roles WHERE rolname = '${APPLICATION_ROLE}' AND NOT rolbypassrls AND ${BELONGS_TO_SUPERUSER}
     AND EXISTS (SELECT FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE c.relforcerowsecurity AND r.rolsuper) \\gexec`;

/**
 * Changes the owner of the database. A database that belongs to another role, which an operator has chosen, keeps it.
 */
const DATABASE_ITSELF = `
  SELECT format('ALTER DATABASE %I OWNER TO ${APPLICATION_ROLE}', d.datname)
    FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
   WHERE d.datname = current_database() AND r.rolsuper AND r.rolname <> '${APPLICATION_ROLE}' \\gexec`;

/** The settings, in this database, of the role that the application has used until now. */
const SETTINGS = `
  SELECT json_build_object('name', split_part(entry, '=', 1), 'value', substr(entry, strpos(entry, '=') + 1))
    FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) entry
   WHERE d.datname = current_database() AND s.setrole = '${SUPERUSER}'::regrole
     AND NOT EXISTS (SELECT FROM pg_db_role_setting
                      WHERE setdatabase = d.oid AND setrole = '${APPLICATION_ROLE}'::regrole);`;

/**
 * `"$user"` in the search path means a schema with the role's name. Where the application looked there for its tables,
 * the path now names that schema. This follows the other settings, because one of them may be the path itself.
 */
const SEARCH_PATH = `
  SELECT json_build_object('name', 'search_path', 'value', regexp_replace(path, '"?\\$user"?', quote_ident('${SUPERUSER}'), 'g'))
    FROM (SELECT ${searchPathOf(`'${APPLICATION_ROLE}'::regrole`)} AS path) found
   WHERE path ~ '\\$user' AND EXISTS (SELECT FROM pg_namespace WHERE nspname = '${SUPERUSER}');`;

async function set(database: Database, name: string, asked: string): Promise<void> {
  const found = (await database.query(asked, name)).map(
    (answer) => jsonIn(answer, "exec") as Parameters<typeof settingValues>[0],
  );
  const statements = found.map((setting) => {
    const values = settingValues(setting).map(literal).join(", ");
    return `ALTER ROLE ${APPLICATION_ROLE} IN DATABASE ${identifier(name)} SET ${identifier(setting.name)} TO ${values};`;
  });
  if (statements.length > 0) await database.query(["BEGIN;", ...statements, "COMMIT;"].join("\n"), name);
}

const KIND = `CASE a.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
                WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' END AS kind`;
const GIVEN = `a.defaclrole = '${SUPERUSER}'::regrole AND NOT EXISTS (
                 SELECT FROM pg_default_acl o WHERE o.defaclrole = '${APPLICATION_ROLE}'::regrole
                    AND o.defaclnamespace = a.defaclnamespace AND o.defaclobjtype = a.defaclobjtype)`;

/**
 * Copies default privileges, and user mappings for other servers, where the superuser has them and the application does
 * not: they belong to a role, and cannot change their owner. A mapping has a password, which must not be in a log or
 * error.
 */
const ALSO = `
  SET log_statement = none; SET log_min_duration_statement = -1; SET log_min_error_statement = panic;
  \\set VERBOSITY terse
  \\set SHOW_CONTEXT never
  BEGIN;
  SELECT statement FROM (
    SELECT 0 AS turn, format('ALTER DEFAULT PRIVILEGES FOR ROLE ${APPLICATION_ROLE} REVOKE ALL ON %s FROM PUBLIC, ${APPLICATION_ROLE}', kind) AS statement
      FROM (SELECT a.defaclnamespace, ${KIND} FROM pg_default_acl a WHERE ${GIVEN}) given
     WHERE defaclnamespace = 0 AND kind IS NOT NULL
    UNION ALL
    SELECT 1, format('ALTER DEFAULT PRIVILEGES FOR ROLE ${APPLICATION_ROLE}%s GRANT %s ON %s TO %s%s',
             CASE WHEN defaclnamespace <> 0 THEN format(' IN SCHEMA %s', defaclnamespace::regnamespace) END, privilege_type, kind,
             CASE WHEN grantee = 0 THEN 'PUBLIC' WHEN grantee = '${SUPERUSER}'::regrole THEN '${APPLICATION_ROLE}' ELSE grantee::regrole::text END,
             CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END)
      FROM (SELECT a.defaclnamespace, acl.*, ${KIND} FROM pg_default_acl a, aclexplode(a.defaclacl) acl WHERE ${GIVEN}) given
     WHERE kind IS NOT NULL
    UNION ALL
    SELECT 2, format('CREATE USER MAPPING FOR ${APPLICATION_ROLE} SERVER %I%s', s.srvname,
             ' OPTIONS (' || (SELECT string_agg(format('%I %L', option_name, option_value), ', ') FROM pg_options_to_table(m.umoptions)) || ')')
      FROM pg_user_mapping m JOIN pg_foreign_server s ON s.oid = m.umserver
     WHERE m.umuser = '${SUPERUSER}'::regrole AND NOT EXISTS (
       SELECT FROM pg_user_mapping o WHERE o.umserver = m.umserver AND o.umuser = '${APPLICATION_ROLE}'::regrole)
  ) also ORDER BY turn \\gexec
  COMMIT;`;

/** Tables and similar objects, with their schema `n` and owner `r`, without those of extensions. */
const RELATIONS = `
  pg_class c JOIN pg_roles r ON r.oid = c.relowner JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.relpersistence <> 't'
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;
const LACKS_RIGHTS = `c.relkind IN ('r', 'p') AND NOT (
  ${["SELECT", "INSERT", "UPDATE", "DELETE"].map((right) => `has_table_privilege('${APPLICATION_ROLE}', c.oid, '${right}')`).join(" AND ")})`;

/** True for a role with powers that the application must not get. */
const POWERFUL = `(r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls OR EXISTS (
  SELECT FROM pg_roles s WHERE pg_has_role(r.oid, s.oid, 'MEMBER')
     AND (s.rolsuper OR s.rolname IN (${BEYOND.map(literal).join(", ")}))))`;

const OTHERS = `${BELONGS_TO_SUPERUSER} AND n.nspname = ANY (:'schemas'::name[]) AND NOT r.rolsuper AND r.rolname !~ '^pg_'
     AND NOT pg_has_role('${APPLICATION_ROLE}', r.oid, 'USAGE') AND NOT pg_has_role(r.oid, '${APPLICATION_ROLE}', 'MEMBER')`;

/**
 * Gives the application access to objects of other roles in the schemas where it looks for its tables, as the superuser
 * had it: by membership in their owner, or by grants where the owner has powers that the application must not get. This
 * is done once, with the handover: later on, the application itself decides where it looks.
 */
const OTHERS_TOO = `${APPLICATION_SCHEMAS}
  SELECT format('GRANT %1$I TO ${APPLICATION_ROLE}; SELECT %2$L', rolname, format('${APPLICATION_ROLE} is a member of %I now, which has tables where the application looks for its own', rolname)) FROM (
    SELECT r.* FROM ${RELATIONS} AND ${OTHERS}
    UNION SELECT r.* FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE ${OTHERS}
  ) r WHERE NOT ${POWERFUL} \\gexec
  SELECT format('GRANT ALL ON %s %s TO ${APPLICATION_ROLE}; SELECT %L', kind, name, format('${APPLICATION_ROLE} has all rights on %s now, where the application looks for its own tables', name)) FROM (
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, c.oid::regclass::text AS name FROM ${RELATIONS} AND ${OTHERS} AND ${POWERFUL}
    UNION SELECT 'SCHEMA', quote_ident(nspname) FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE ${OTHERS} AND ${POWERFUL}
  ) objects ORDER BY kind, name \\gexec`;

/**
 * Lists what the application cannot reach. PostgreSQL silently ignores a schema without USAGE, so the application would
 * take its database for an empty one. This is also done once: objects that an operator later gives to other roles are
 * theirs.
 */
const UNREACHABLE = `${APPLICATION_SCHEMAS}
  SELECT 'the table ' || c.oid::regclass FROM ${RELATIONS} AND n.nspname = ANY (:'schemas'::name[]) AND ${LACKS_RIGHTS} AND ${BELONGS_TO_SUPERUSER}
  UNION ALL
  SELECT 'the schema ' || quote_ident(nspname) FROM pg_namespace
   WHERE nspname = ANY (:'schemas'::name[]) AND ${BELONGS_TO_SUPERUSER}
     AND NOT (has_schema_privilege('${APPLICATION_ROLE}', oid, 'USAGE')
       AND (nspname <> (:'schemas'::name[])[1] OR has_schema_privilege('${APPLICATION_ROLE}', oid, 'CREATE')
         OR pg_get_userbyid(nspowner) = 'pg_database_owner'));`;

/**
 * Lists tables that the application could write to as the superuser, and that it reaches only by the name of the
 * schema.
 */
const ELSEWHERE = `${APPLICATION_SCHEMAS}
  SELECT c.oid::regclass FROM ${RELATIONS} AND ${LACKS_RIGHTS} AND ${BELONGS_TO_SUPERUSER}
     AND n.nspname <> ALL (:'schemas'::name[]) AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1;`;
