import { APPLICATION_SCHEMAS } from "./psql";
import { APPLICATION_ROLE, SUPERUSER, REPLACED_PREFIX } from "../../release/names";

/** True for a part of an extension. It keeps the owner that the extension has given it. */
const member = (of: string) =>
  `EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${of}'::regclass AND d.objid = o.oid AND d.deptype = 'e')`;

/**
 * An event trigger also fires for the superuser, so a role that may change its function could run anything as the
 * superuser. In a restore, the trigger may come only after its function was checked.
 */
const OF_EVENT_TRIGGER = "o.prorettype = 'event_trigger'::regtype";

/** True for a sequence of a column. It changes its owner with its table, and cannot change it alone. */
const OF_COLUMN = `EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = o.oid AND d.deptype IN ('a', 'i')
     AND d.refclassid = 'pg_class'::regclass)`;

/** True for a type that comes with another one: an array, the row of a table, a multirange. */
const OF_TYPE = `(EXISTS (SELECT FROM pg_type e WHERE e.typarray = o.oid) OR o.typrelid <> 0 OR o.typtype = 'm')`;

/**
 * The kinds of objects with an owner, in the order in which they change it: a table before the views that read it as
 * their owner; a schema before the objects that a table's owner looks for in it (foreign key checks do). Kinds that
 * only a superuser may own, or that an operator sets up, are missing: publications, subscriptions, event triggers,
 * languages.
 */
const KINDS: readonly { kind: string; catalog: string; name: string; owner: string; schema?: string; but?: string }[] =
  [
    { kind: "'SCHEMA'", catalog: "pg_namespace", name: "format('%I', o.nspname)", owner: "nspowner", schema: "oid" },
    {
      kind: `CASE o.relkind WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW'
             WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END`,
      catalog: "pg_class",
      name: "o.oid::regclass::text",
      owner: "relowner",
      schema: "relnamespace",
      but: `o.relkind NOT IN ('r', 'p', 'f', 'S', 'v', 'm', 'c') OR o.relpersistence = 't' OR (o.relkind = 'S' AND ${OF_COLUMN})`,
    },
    {
      kind: "'TYPE'",
      catalog: "pg_type",
      name: "o.oid::regtype::text",
      owner: "typowner",
      schema: "typnamespace",
      but: OF_TYPE,
    },
    {
      kind: "'ROUTINE'",
      catalog: "pg_proc",
      name: "o.oid::regprocedure::text",
      owner: "proowner",
      schema: "pronamespace",
      but: OF_EVENT_TRIGGER,
    },
    {
      kind: "'OPERATOR'",
      catalog: "pg_operator",
      name: "o.oid::regoperator::text",
      owner: "oprowner",
      schema: "oprnamespace",
    },
    ...(["class", "family"] as const).map((of) => {
      const [prefix, method] = of === "class" ? ["opc", "opcmethod"] : ["opf", "opfmethod"];
      return {
        kind: `'OPERATOR ${of.toUpperCase()}'`,
        catalog: `pg_op${of}`,
        name: `format('%s.%I USING %I', o.${prefix}namespace::regnamespace, o.${prefix}name, (SELECT amname FROM pg_am WHERE oid = o.${method}))`,
        owner: `${prefix}owner`,
        schema: `${prefix}namespace`,
      };
    }),
    ...(
      [
        ["COLLATION", "pg_collation", "coll"],
        ["CONVERSION", "pg_conversion", "con"],
        ["TEXT SEARCH DICTIONARY", "pg_ts_dict", "dict"],
        ["TEXT SEARCH CONFIGURATION", "pg_ts_config", "cfg"],
        ["STATISTICS", "pg_statistic_ext", "stx"],
      ] as const
    ).map(([kind, catalog, prefix]) => ({
      kind: `'${kind}'`,
      catalog,
      name: `format('%s.%I', o.${prefix}namespace::regnamespace, o.${prefix}name)`,
      owner: `${prefix}owner`,
      schema: `${prefix}namespace`,
    })),
    { kind: "'SERVER'", catalog: "pg_foreign_server", name: "format('%I', o.srvname)", owner: "srvowner" },
    { kind: "'LARGE OBJECT'", catalog: "pg_largeobject_metadata", name: "o.oid::text", owner: "lomowner" },
  ];

const VIEWS = ["VIEW", "MATERIALIZED VIEW"].map((kind) => `'${kind}'`).join(", ");

const OBJECTS = KINDS.map(
  ({ kind, catalog, name, owner, schema, but }, turn) =>
    `SELECT ${turn} AS turn, ${kind} AS kind, ${name} AS name, o.${owner} AS owner, ${schema === undefined ? "NULL::oid" : `o.${schema}`} AS schema
       FROM ${catalog} o WHERE NOT ${member(catalog)}${but === undefined ? "" : ` AND NOT (${but})`}`,
).join("\n    UNION ALL ");

/**
 * True for a database that has not been given to the application. The comment of a previous database has its owner's
 * name; only a superuser can have written it.
 */
export const BELONGS_TO_SUPERUSER = `(
  SELECT r.rolsuper AND r.rolname <> '${APPLICATION_ROLE}'
         AND (NOT starts_with(d.datname, '${REPLACED_PREFIX}')
              OR coalesce(shobj_description(d.oid, 'pg_database'), '') !~ '"owner": "${APPLICATION_ROLE}"')
    FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = current_database())`;

/**
 * Gives a statement for psql over `objects`: the objects in a database that must become the application's. These are
 * all objects of the superuser. Until the database itself is the application's, they include the objects of other
 * superusers in the schemas where the application looks for its tables; later, the application could choose these
 * schemas.
 */
function ofTheSuperuser(statement: string): string {
  return `${APPLICATION_SCHEMAS}
    WITH objects AS (
      SELECT objects.* FROM (${OBJECTS}) objects
        JOIN pg_roles r ON r.oid = objects.owner LEFT JOIN pg_namespace n ON n.oid = objects.schema
       WHERE (n.nspname IS NULL OR (n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'))
         AND r.rolsuper AND r.rolname <> '${APPLICATION_ROLE}'
         AND (r.rolname = '${SUPERUSER}' OR (${BELONGS_TO_SUPERUSER} AND n.nspname = ANY (:'schemas'::name[]))))
    ${statement}`;
}

/** Gives the statements that hand over each object to the application, in their order. */
export const HAND_OVER = ofTheSuperuser(`
  SELECT format('ALTER %s %s OWNER TO ${APPLICATION_ROLE};', kind, name) FROM objects
    ORDER BY turn, kind IN (${VIEWS}), name`);

/** Counts the objects. */
export const TO_HAND_OVER = ofTheSuperuser("SELECT count(*) FROM objects;");
