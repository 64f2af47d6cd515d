/**
 * A superuser who makes what a dump describes runs the application's code, although nothing is called. A constant of a
 * domain's type, of an array of it, or of a row that has it, is held against the domain's checks when a default, a view, a
 * policy or an index is read (`domain_in`). Calls of immutable functions with constant arguments are computed when a
 * generated column, the key of a partition or the check of one that is attached are (`eval_const_expressions`). A check may
 * call `lo_export`, and an immutable function can do anything.
 *
 * So both sleep while a superuser makes them: a domain checks nothing, and a function gives NULL. What is computed is only
 * thrown away again. Both are set aside in the catalogue itself: to define them anew would read their constants once more,
 * and what does not come back as it was would be another definition.
 */

/** A schema in the new database, as long as they sleep. Only a superuser may look into it. */
const SCHEMA = "nestfleet_asleep";
/** The table in it: unlogged, because a publication of all tables has no part of it. */
export const BODIES = `${SCHEMA}.bodies`;

/** As long as a domain is asleep, its checks are of a kind that PostgreSQL does not know, and passes over. */
const ASLEEP = "-";

/** Not those of extensions, nor those in C, which a superuser has made. Functions of triggers are not called meanwhile. */
const OF_SOMEBODY = `
  p.prokind = 'f' AND p.oid >= 16384 AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
  AND p.prolang NOT IN (SELECT oid FROM pg_language WHERE lanname IN ('c', 'internal'))
  AND p.pronamespace <> '${SCHEMA}'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')`;

/** What BEGIN ATOMIC has made of a body is a column of its own, from PostgreSQL 14 on. */
const PARSED = `CASE WHEN current_setting('server_version_num')::int >= 140000 THEN ', prosqlbody' ELSE '' END`;

/** PL/pgSQL has other words for a function that returns rows, parameters or nothing. */
const NOTHING = `
  CASE WHEN p.proretset OR p.prorettype = 'void'::regtype OR p.proargmodes && '{o,b,t}' THEN 'BEGIN RETURN; END'
       ELSE 'BEGIN RETURN NULL; END' END`;

const FUNCTIONS_SLEEP = `
  CREATE FUNCTION ${SCHEMA}.functions(which oid[]) RETURNS void LANGUAGE plpgsql
    SET allow_system_table_mods = on SET search_path = pg_catalog AS $body$
  DECLARE
    parsed text := ${PARSED};
  BEGIN
    DELETE FROM ${BODIES} WHERE oid = ANY (which);
    EXECUTE format('INSERT INTO ${BODIES} SELECT oid, prolang, prosrc, probin%s FROM pg_proc WHERE oid = ANY ($1)',
                   parsed) USING which;
    EXECUTE format(
      $update$UPDATE pg_proc p SET prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpgsql'), probin = NULL%s,
                     prosrc = ${NOTHING}
               WHERE oid = ANY ($1)$update$, replace(parsed, 'prosqlbody', 'prosqlbody = NULL')) USING which;
  END $body$;
  SELECT ${SCHEMA}.functions(array_agg(p.oid)) FROM pg_proc p WHERE ${OF_SOMEBODY} HAVING count(*) > 0;`;

const MADE_FUNCTIONS = `
    PERFORM ${SCHEMA}.functions(array_agg(p.oid))
       FROM pg_event_trigger_ddl_commands() c JOIN pg_proc p ON c.classid = 'pg_proc'::regclass AND c.objid = p.oid
      WHERE NOT c.in_extension AND ${OF_SOMEBODY} HAVING count(*) > 0;`;

/**
 * What is made meanwhile falls asleep as it is made. The trigger runs as the role that makes it, and lets only a superuser:
 * the application, which may reach the new database, cannot put in between what then would be awake.
 */
const sleep = (functions: boolean) => `
  CREATE SCHEMA ${SCHEMA};
  DO $do$
  BEGIN
    EXECUTE format('CREATE UNLOGGED TABLE ${BODIES} AS SELECT oid, prolang, prosrc, probin%s FROM pg_proc WHERE false', ${PARSED});
  END $do$;
  CREATE FUNCTION ${SCHEMA}.domains() RETURNS void LANGUAGE sql SET allow_system_table_mods = on SET search_path = pg_catalog
    AS $body$UPDATE pg_constraint SET contype = '${ASLEEP}' WHERE contypid <> 0 AND contype = 'c' AND oid >= 16384$body$;
  SELECT ${SCHEMA}.domains();
  ${functions ? FUNCTIONS_SLEEP : ""}
  CREATE FUNCTION ${SCHEMA}.made() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
  BEGIN
    PERFORM ${SCHEMA}.domains();
    ${functions ? MADE_FUNCTIONS : ""}
  END $body$;
  CREATE EVENT TRIGGER ${SCHEMA} ON ddl_command_end WHEN TAG IN ('CREATE FUNCTION', 'CREATE DOMAIN', 'ALTER DOMAIN')
    EXECUTE FUNCTION ${SCHEMA}.made();`;

/** For a session that makes definitions. */
export const SLEEP = sleep(true);
/**
 * For a session that builds indexes: those need the functions. They are called as the owner of the table, in a session from
 * which no way leads back (SECURITY_RESTRICTED_OPERATION). The rows were held against the domains when they were loaded.
 */
export const DOMAINS_SLEEP = sleep(false);

export const WAKE = `
  SET allow_system_table_mods = on;
  DROP EVENT TRIGGER ${SCHEMA};
  UPDATE pg_constraint SET contype = 'c' WHERE contypid <> 0 AND contype = '${ASLEEP}';
  DO $do$
  BEGIN
    EXECUTE format('UPDATE pg_proc p SET prolang = b.prolang, prosrc = b.prosrc, probin = b.probin%s
                      FROM ${BODIES} b WHERE b.oid = p.oid',
                   replace(${PARSED}, 'prosqlbody', 'prosqlbody = b.prosqlbody'));
  END $do$;
  SET client_min_messages = warning;
  DROP SCHEMA ${SCHEMA} CASCADE;`;
