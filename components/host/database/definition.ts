import { jsonIn } from "../docker/errors";
import { asTheApplication } from "./psql";
import { definition, type Definition } from "../../release/records/definition";
import type { Database } from "./database";
import { isLoader } from "./loader";
import type { Session } from "./session";

/** Reads columns that not every version has from the row as JSON. */
const DEFINITION = `
  ${asTheApplication("path", "pg_catalog.current_schemas(false)")}
  SELECT json_build_object(
    'database', json_build_object(
      'owner', pg_get_userbyid(d.datdba),
      'encoding', pg_encoding_to_char(d.encoding),
      'provider', j ->> 'datlocprovider',
      'collate', d.datcollate,
      'ctype', d.datctype,
      'locale', coalesce(j ->> 'datlocale', j ->> 'daticulocale'),
      'rules', j ->> 'daticurules',
      'tablespace', (SELECT spcname FROM pg_tablespace t WHERE t.oid = d.dattablespace),
      'template', d.datistemplate,
      'connectionLimit', d.datconnlimit,
      'comment', shobj_description(d.oid, 'pg_database'),
      'grants', CASE WHEN d.datacl IS NOT NULL THEN (
        SELECT coalesce(json_agg(json_build_object(
                 'grantor', pg_get_userbyid(grantor),
                 'grantee', CASE WHEN grantee <> 0 THEN pg_get_userbyid(grantee) END,
                 'privilege', privilege_type,
                 'grantable', is_grantable) ORDER BY ordinality), '[]')
          FROM aclexplode(d.datacl) WITH ORDINALITY) END,
      'settings', (
        SELECT coalesce(json_agg(json_build_object(
                 'role', CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END,
                 'name', split_part(entry, '=', 1),
                 'value', substr(entry, strpos(entry, '=') + 1))), '[]')
          FROM pg_db_role_setting s, unnest(s.setconfig) entry WHERE s.setdatabase = d.oid),
      'searchPath', (
        SELECT coalesce(json_agg(name ORDER BY place, name), '[]') FROM (
          SELECT name, min(place) AS place FROM (
            SELECT name::text, ordinality::int FROM unnest(:'path'::name[]) WITH ORDINALITY path (name, ordinality)
            UNION ALL SELECT n.nspname::text, 1000 FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
            UNION ALL SELECT n.nspname::text, 2000 FROM pg_namespace n
          ) found (name, place)
          WHERE name !~ '^pg_' AND name <> 'information_schema' GROUP BY name) schemas),
      'tablespaces', (
        SELECT coalesce(json_agg(spcname), '[]') FROM pg_tablespace t
          WHERE EXISTS (SELECT FROM pg_class c WHERE c.reltablespace = t.oid) AND spcname <> 'pg_global'),
      'maintenanceKilobytes', pg_size_bytes(current_setting('maintenance_work_mem')) / 1024),
    'roles', (
      SELECT json_agg(json_build_object(
               'name', r.rolname,
               'superuser', r.rolsuper,
               'inherit', r.rolinherit,
               'createRole', r.rolcreaterole,
               'createDatabase', r.rolcreatedb,
               'login', r.rolcanlogin,
               'replication', r.rolreplication,
               'bypassRowSecurity', r.rolbypassrls,
               'connectionLimit', r.rolconnlimit,
               'validUntil', r.rolvaliduntil,
               'comment', shobj_description(r.oid, 'pg_authid'),
               'memberOf', (
                 SELECT coalesce(json_agg(json_build_object(
                          'role', role, 'admin', admin, 'inherit', inherit, 'set', set) ORDER BY role), '[]')
                   FROM (SELECT pg_get_userbyid(m.roleid) AS role, bool_or(m.admin_option) AS admin,
                                bool_or((to_jsonb(m) ->> 'inherit_option')::bool) AS inherit,
                                bool_or((to_jsonb(m) ->> 'set_option')::bool) AS set
                           FROM pg_auth_members m WHERE m.member = r.oid GROUP BY m.roleid) memberships),
               'settings', (
                 SELECT coalesce(json_agg(json_build_object(
                          'name', split_part(entry, '=', 1), 'value', substr(entry, strpos(entry, '=') + 1))), '[]')
                   FROM pg_db_role_setting s, unnest(s.setconfig) entry
                  WHERE s.setrole = r.oid AND s.setdatabase = 0)
             ) ORDER BY r.rolname)
        FROM pg_roles r WHERE r.rolname !~ '^pg_' AND NOT ${isLoader("r")}))
    FROM pg_database d, to_jsonb(d) j WHERE d.datname = current_database();`;

/** Reads the properties of the database and the roles of its server, without contents and passwords. */
export async function definitionOf(asked: Session | Database): Promise<Definition> {
  const [answer = ""] = await asked.query(DEFINITION);
  return definition.parse(jsonIn(answer, "exec"));
}
