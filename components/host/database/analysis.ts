import { complaint, type Database } from "./database";
import { say } from "../output";

/** Table by table, over what fails. */
const EACH = `
  \\set ON_ERROR_STOP off
  SELECT format('ANALYZE %I.%I', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  \\gexec`;

/** Statistics, which no dump has. An index whose function fails (it is called without a `search_path`) goes without. */
export async function analyze(database: Database, name: string): Promise<void> {
  try {
    await database.query("ANALYZE", name);
  } catch (error) {
    say(`Not every table has statistics: ${complaint(error)}`);
    await database.query(EACH, name);
  }
}
