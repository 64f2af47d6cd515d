import { HAND_OVER, TO_HAND_OVER } from "../../components/host/ownership";
import { APPLICATION_ROLE, asTheApplication, searchPathOf } from "../../components/host/psql";
import { settingValues } from "../../components/release/definition";
import { hasApplicationRole } from "./application-role";
import { complaint, type Database, identifier, literal, ROLE } from "./database";
import { lockedTables } from "./holders";
import { Refusal, say, sleep } from "./run";

/** What a table may be waited for, and what waits behind that: somebody is at work with it. */
const LOCK_WAIT = "1500ms";
/** So long it is tried again, where somebody keeps a table locked. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 1000;

/**
 * Gives a database and what the superuser has in it to the application, one object after the other: whoever works on a
 * table meanwhile waits for 1.5 s at most, and both of the two roles can work on it, before and afterwards. Does
 * nothing where the application has no role of its own yet. Can be done again.
 */
export async function handOver(database: Database, name: string): Promise<void> {
  if (!(await hasApplicationRole(database))) return;
  await handOverObjects(database, name);
  await database.query(DATABASE_ITSELF, name);
  await database.query(await settings(database, name), name);
  await database.query(ALSO, name);
  await database.query(MEMBERSHIPS, name);
  const unreachable = await database.query(UNREACHABLE, name);
  if (unreachable.length > 0)
    throw new Refusal(
      `${APPLICATION_ROLE}, as which the application works, may not write to ${unreachable.join(", ")} of ${name}; their owner allows it: GRANT ALL ON TABLE … TO ${APPLICATION_ROLE}`,
    );
}

/** What is in it alone. */
export async function handOverObjects(database: Database, name: string): Promise<void> {
  const started = Date.now();
  for (;;) {
    const [count = "0"] = await database.query(TO_HAND_OVER, name);
    if (count === "0") return;
    await database.query(`\\set ON_ERROR_STOP off\n${STATEMENTS}`, name);
    const why = await database.query(STATEMENTS, name).then(() => undefined, complaint);
    if (why === undefined) {
      say(`${count} objects in ${name} belong to ${APPLICATION_ROLE} now`);
      return;
    }
    const locked = why.includes("lock timeout");
    if (locked && Date.now() - started < PATIENCE_MS) {
      await sleep(PAUSE_MS);
      continue;
    }
    const holders = locked ? await lockedTables(database).catch(() => []) : [];
    throw new Refusal(
      [`not everything in ${name} could be given to ${APPLICATION_ROLE}: ${why}`, ...holders].join("; "),
    );
  }
}

const STATEMENTS = `SET lock_timeout = '${LOCK_WAIT}'; ${HAND_OVER} \\gexec`;

/** One that is an operator's own stays so. */
const DATABASE_ITSELF = `
  SELECT format('ALTER DATABASE %I OWNER TO ${APPLICATION_ROLE}', d.datname)
    FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
   WHERE d.datname = current_database() AND r.rolsuper AND r.rolname <> '${APPLICATION_ROLE}' \\gexec`;

/**
 * Settings for the role that the application was until now, in this database. Where it looked for its tables in a schema
 * of that role's name, which `"$user"` means, it goes on to look there.
 */
const SETTINGS = `
  SELECT json_build_object('name', split_part(entry, '=', 1), 'value', substr(entry, strpos(entry, '=') + 1))
    FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) entry
   WHERE d.datname = current_database() AND s.setrole = '${ROLE}'::regrole
     AND NOT EXISTS (SELECT FROM pg_db_role_setting
                      WHERE setdatabase = d.oid AND setrole = '${APPLICATION_ROLE}'::regrole);
  SELECT json_build_object('name', 'search_path', 'value', regexp_replace(path, '"?\\$user"?', quote_ident('${ROLE}'), 'g'))
    FROM (SELECT ${searchPathOf(`'${APPLICATION_ROLE}'::regrole`)} AS path) found
   WHERE path ~ '\\$user' AND EXISTS (SELECT FROM pg_namespace WHERE nspname = '${ROLE}');`;

async function settings(database: Database, name: string): Promise<string> {
  const found = (await database.query(SETTINGS, name)).map(
    (answer) => JSON.parse(answer) as Parameters<typeof settingValues>[0],
  );
  return found
    .map((setting) => {
      const values = settingValues(setting).map(literal).join(", ");
      return `ALTER ROLE ${APPLICATION_ROLE} IN DATABASE ${identifier(name)} SET ${identifier(setting.name)} TO ${values};`;
    })
    .join("\n");
}

/**
 * Default privileges and mappings to users of other servers, where the superuser has them and the application has none:
 * they are of a role, and cannot change hands.
 */
const ALSO = `
  SELECT statement FROM (
    SELECT 0 AS turn, format('ALTER DEFAULT PRIVILEGES FOR ROLE ${APPLICATION_ROLE} REVOKE ALL ON %s FROM PUBLIC, ${APPLICATION_ROLE}', kind) AS statement
      FROM (SELECT a.defaclnamespace, CASE a.defaclobjtype
                     WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' END AS kind
              FROM pg_default_acl a WHERE a.defaclrole = '${ROLE}'::regrole AND NOT EXISTS (
                SELECT FROM pg_default_acl o WHERE o.defaclrole = '${APPLICATION_ROLE}'::regrole
                   AND o.defaclnamespace = a.defaclnamespace AND o.defaclobjtype = a.defaclobjtype)) given
     WHERE defaclnamespace = 0 AND kind IS NOT NULL
    UNION ALL
    SELECT 1, format('ALTER DEFAULT PRIVILEGES FOR ROLE ${APPLICATION_ROLE}%s GRANT %s ON %s TO %s%s',
             CASE WHEN defaclnamespace <> 0 THEN format(' IN SCHEMA %s', defaclnamespace::regnamespace) END, privilege_type, kind,
             CASE WHEN grantee = 0 THEN 'PUBLIC' WHEN grantee = '${ROLE}'::regrole THEN '${APPLICATION_ROLE}' ELSE grantee::regrole::text END,
             CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END)
      FROM (SELECT a.defaclnamespace, acl.*, CASE a.defaclobjtype
                     WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' END AS kind
              FROM pg_default_acl a, aclexplode(a.defaclacl) acl WHERE a.defaclrole = '${ROLE}'::regrole AND NOT EXISTS (
                SELECT FROM pg_default_acl o WHERE o.defaclrole = '${APPLICATION_ROLE}'::regrole
                   AND o.defaclnamespace = a.defaclnamespace AND o.defaclobjtype = a.defaclobjtype)) given
     WHERE kind IS NOT NULL
    UNION ALL
    SELECT 2, format('CREATE USER MAPPING FOR ${APPLICATION_ROLE} SERVER %I%s', s.srvname,
             ' OPTIONS (' || (SELECT string_agg(format('%I %L', option_name, option_value), ', ') FROM pg_options_to_table(m.umoptions)) || ')')
      FROM pg_user_mapping m JOIN pg_foreign_server s ON s.oid = m.umserver
     WHERE m.umuser = '${ROLE}'::regrole AND NOT EXISTS (
       SELECT FROM pg_user_mapping o WHERE o.umserver = m.umserver AND o.umuser = '${APPLICATION_ROLE}'::regrole)
  ) also ORDER BY turn \\gexec`;

/** In the schemas in which the application looks for its tables; not what an extension has made. */
const ITS_OWN = `
  pg_class c JOIN pg_roles r ON r.oid = c.relowner JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = ANY (:'schemas'::name[]) AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;
const SCHEMAS = asTheApplication("schemas", "pg_catalog.current_schemas(false)");

/** A superuser could use and change what another role has there; it must not be the superuser for that. */
const MEMBERSHIPS = `${SCHEMAS}
  SELECT DISTINCT format('GRANT %I TO ${APPLICATION_ROLE}', r.rolname) FROM ${ITS_OWN}
     AND NOT r.rolsuper AND r.rolname !~ '^pg_'
     AND NOT pg_has_role('${APPLICATION_ROLE}', r.oid, 'USAGE') AND NOT pg_has_role(r.oid, '${APPLICATION_ROLE}', 'MEMBER') \\gexec`;

const UNREACHABLE = `${SCHEMAS}
  SELECT c.oid::regclass FROM ${ITS_OWN} AND c.relkind IN ('r', 'p')
     AND NOT (has_table_privilege('${APPLICATION_ROLE}', c.oid, 'SELECT') AND has_table_privilege('${APPLICATION_ROLE}', c.oid, 'INSERT')
       AND has_table_privilege('${APPLICATION_ROLE}', c.oid, 'UPDATE') AND has_table_privilege('${APPLICATION_ROLE}', c.oid, 'DELETE'));`;
