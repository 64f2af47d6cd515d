import { complaint, type Database } from "./database";
import { say } from "../output";

/** Runs a command table by table, and goes on after a failure. */
const each = (command: string) => `
  \\set ON_ERROR_STOP off
  SELECT format('${command} %I.%I', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  \\gexec`;

/**
 * Makes statistics, which a dump does not have; without those of an index whose function fails without a `search_path`.
 */
export function analyze(database: Database, name: string): Promise<void> {
  return onAllTables(database, name, "ANALYZE");
}

/**
 * Makes statistics, and marks the rows and pages that every transaction sees. Otherwise the first readers of a restored
 * database do that: they write each page once more, and count rows by reading all of them instead of an index.
 */
export function vacuum(database: Database, name: string): Promise<void> {
  return onAllTables(database, name, "VACUUM (ANALYZE)");
}

async function onAllTables(database: Database, name: string, command: "ANALYZE" | "VACUUM (ANALYZE)"): Promise<void> {
  try {
    await database.query(command, name);
  } catch (error) {
    say(`Not every table has statistics: ${complaint(error)}`);
    await database.query(each(command), name);
  }
}
