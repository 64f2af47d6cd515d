import type { Database } from "../../components/host/database/database";

/**
 * Queries that describe every row of all tables, filled materialized views, sequences and large objects, in any order.
 */
const CONTENTS = `
  SELECT format('SELECT %L, count(*), coalesce(sum(hashtextextended(t::text, 7)::numeric), 0) FROM ONLY %I.%I t;',
                n.nspname || '.' || c.relname, n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE (c.relkind = 'r' OR c.relkind = 'm' AND c.relispopulated) AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   ORDER BY 1
  \\gexec
  SELECT * FROM pg_sequences ORDER BY 1, 2;
  SELECT oid, md5(lo_get(oid)), pg_get_userbyid(lomowner), lomacl FROM pg_largeobject_metadata ORDER BY oid;
  SELECT relname, relispopulated, relpersistence FROM pg_class WHERE relkind IN ('r', 'm') AND relnamespace::regnamespace::text !~ '^pg_' ORDER BY 1;`;

/** A query for the database's entry in the server's catalogue. The order of the grants does not matter. */
const ITSELF = (name: string) => `
  SELECT json_build_object('owner', pg_get_userbyid(datdba), 'encoding', encoding, 'collate', datcollate, 'ctype', datctype,
      'provider', datlocprovider, 'locale', datlocale, 'rules', daticurules, 'limit', datconnlimit, 'template', datistemplate,
      'comment', shobj_description(oid, 'pg_database'),
      'acl', (SELECT json_agg(item::text ORDER BY item::text) FROM unnest(datacl) item),
      'settings', (SELECT json_object_agg(CASE WHEN setrole <> 0 THEN pg_get_userbyid(setrole) ELSE '' END, setconfig)
                     FROM pg_db_role_setting WHERE setdatabase = d.oid))
    FROM pg_database d WHERE datname = '${name}';`;

export interface Portrait {
  /** The schema as pg_dump writes it, with owners, grants, settings and comments. */
  readonly schema: readonly string[];
  readonly itself: unknown;
  readonly contents: readonly string[];
}

/** Gives everything in which a restored database must equal the original. */
export async function portrait(database: Database, name: string): Promise<Portrait> {
  const lines: string[] = [];
  const dump = [
    "env",
    "PGOPTIONS=-c event_triggers=off -c transaction_timeout=0 -c temp_file_limit=-1",
    "pg_dump",
    "--schema-only",
    "--create",
  ];
  const { exitCode, stderr } = await database.run([...dump, "-U", "nestfleet", name], {
    onLine: (line) => lines.push(line),
  });
  if (exitCode !== 0) throw new Error(stderr);
  const [itself = ""] = await database.query(ITSELF(name), "postgres");
  return {
    schema: schemaOf(lines.map((line) => line.replaceAll(name, "nestfleet"))),
    itself: JSON.parse(itself) as unknown,
    contents: await database.query(CONTENTS, name),
  };
}

/**
 * The statements of a dump, without pg_dump's headings, and without `\restrict`, which has another key in each dump.
 */
function schemaOf(dump: readonly string[]): string[] {
  return dump.filter((line) => line !== "" && !/^(--|\\(un)?restrict )/.test(line));
}
