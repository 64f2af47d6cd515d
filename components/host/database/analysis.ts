import { complaint, type Database } from "./database";
import { say } from "../output";

/** Analyzes table by table, and goes on after a failure. */
const EACH = `
  \\set ON_ERROR_STOP off
  SELECT format('ANALYZE %I.%I', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  \\gexec`;

/**
 * Makes statistics, which a dump does not have; without those of an index whose function fails without a `search_path`.
 */
export async function analyze(database: Database, name: string): Promise<void> {
  try {
    await database.query("ANALYZE", name);
  } catch (error) {
    say(`Not every table has statistics: ${complaint(error)}`);
    await database.query(EACH, name);
  }
}
