/** The table in which the application records its migrations, as its contract names it. */
export const MIGRATIONS_TABLE = "nestfleet_migrations";

/**
 * The tables whose rows a backup counts (`c`, in the schema `n`): every ordinary table, and each partition. Tables of
 * an extension are left out, because the extension makes them and a dump does not contain them.
 */
export const COUNTED_TABLES = `
  pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;
