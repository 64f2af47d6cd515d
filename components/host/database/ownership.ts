import { APPLICATION_SCHEMAS } from "./psql";
import { APPLICATION_ROLE, SUPERUSER, REPLACED_PREFIX } from "../../release/names";

/** What is part of an extension keeps the owner that the extension has given it. */
const member = (of: string) =>
  `EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${of}'::regclass AND d.objid = o.oid AND d.deptype = 'e')`;

/**
 * An event trigger fires for the superuser, too: who may change its function could run anything. It may come only after
 * its function was looked at, in a restore.
 */
const OF_EVENT_TRIGGER = "o.prorettype = 'event_trigger'::regtype";

/** A sequence of a column goes with its table, and cannot go without it. */
const OF_COLUMN = `EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = o.oid AND d.deptype IN ('a', 'i')
     AND d.refclassid = 'pg_class'::regclass)`;

/** A type that comes with another one: an array, the row of a table, a multirange. */
const OF_TYPE = `(EXISTS (SELECT FROM pg_type e WHERE e.typarray = o.oid) OR o.typrelid <> 0 OR o.typtype = 'm')`;

/**
 * Kinds of objects with an owner, in the order in which they change it: a table before the views that read it as their
 * owner, a schema before what is looked for in it as the owner of a table (the checks of a foreign key are). Not what
 * only a superuser may own, or an operator has set up: publications, subscriptions, event triggers, languages.
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
 * The database has not been given to the application. A replaced one is set aside with its owner's name in its comment, which
 * only a superuser can have written.
 */
export const BELONGS_TO_SUPERUSER = `(
  SELECT r.rolsuper AND r.rolname <> '${APPLICATION_ROLE}'
         AND (NOT starts_with(d.datname, '${REPLACED_PREFIX}')
              OR coalesce(shobj_description(d.oid, 'pg_database'), '') !~ '"owner": "${APPLICATION_ROLE}"')
    FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = current_database())`;

/**
 * What is in a database and ought to be the application's: all that the superuser has made. Until the database itself is
 * the application's also what another superuser has in the schemas in which the application looks for its tables; later
 * on that would be for the application to decide. For psql: `statement` is over `objects`.
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

/** Statements that give each of them to the application, in their order. */
export const HAND_OVER = ofTheSuperuser(`
  SELECT format('ALTER %s %s OWNER TO ${APPLICATION_ROLE};', kind, name) FROM objects
    ORDER BY turn, kind IN (${VIEWS}), name`);

/** How many they are. */
export const TO_HAND_OVER = ofTheSuperuser("SELECT count(*) FROM objects;");
