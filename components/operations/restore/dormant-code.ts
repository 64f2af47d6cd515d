/**
 * While a superuser creates the objects of a dump, PostgreSQL runs code of the application, although no statement calls it.
 * When PostgreSQL reads a default, a view, a policy or an index, it checks the constants in it against the checks of their
 * domain (`domain_in`), also in arrays and rows of the domain's type. When a generated column, the key of a partition or
 * the check of a partition that is attached is created, it computes calls of immutable functions with constant arguments
 * (`eval_const_expressions`). A check may call `lo_export`, and an immutable function can do anything.
 *
 * So domains and functions sleep meanwhile: a domain checks nothing, and a function returns NULL. The values that
 * PostgreSQL computes then are discarded. Both are put to sleep in the catalogue itself: to define them anew would read
 * their constants once more, and a definition that does not come back exactly as it was would be another one.
 */

/** A schema that the new database has while the code sleeps. Only a superuser may read it. */
const SCHEMA = "nestfleet_asleep";
/** The table of the original bodies. It is unlogged, because a publication of all tables leaves unlogged tables out. */
export const BODIES = `${SCHEMA}.bodies`;

/** The kind of a sleeping domain's checks: PostgreSQL does not know this kind, and ignores such a check. */
const ASLEEP = "-";

/**
 * Selects the functions of the application: not those of extensions, nor those in C, which only a superuser can create.
 * Trigger functions are not called meanwhile, and stay awake.
 */
const OF_SOMEBODY = `
  p.prokind = 'f' AND p.oid >= 16384 AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
  AND p.prolang NOT IN (SELECT oid FROM pg_language WHERE lanname IN ('c', 'internal'))
  AND p.pronamespace <> '${SCHEMA}'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')`;

/** The column that has the parsed body of a function with BEGIN ATOMIC; it exists from PostgreSQL 14 on. */
const PARSED = `CASE WHEN current_setting('server_version_num')::int >= 140000 THEN ', prosqlbody' ELSE '' END`;

/**
 * The body of a sleeping function. PL/pgSQL wants another RETURN for a function that returns rows, parameters or
 * nothing.
 */
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
 * Gives the statements that put code to sleep, also code that is created later, by an event trigger. The trigger fails
 * for a role that is not a superuser. So the application, which may reach the new database, cannot create code
 * meanwhile that would be awake.
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

/** Puts functions and domains to sleep, for a session that creates definitions. */
export const SLEEP = sleep(true);
/**
 * Puts only domains to sleep, for a session that builds indexes, which need the functions. PostgreSQL calls these functions
 * as the owner of the table, in a context that cannot regain the superuser's rights (SECURITY_RESTRICTED_OPERATION). The
 * rows were checked against the domains when they were loaded.
 */
export const DOMAINS_SLEEP = sleep(false);

/** Wakes everything, and removes the schema. */
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
