import { DATABASE_OUTDATED, SINCE_15, SORTED_INDEXES } from "../../host/database/collations";
import { complaint, type Database, MAINTENANCE } from "../../host/database/database";
import { Refusal, say } from "../../host/output";
import { pulumi } from "../../release/commands";

/**
 * Drops what an interrupted `REINDEX … CONCURRENTLY` leaves: https://www.postgresql.org/docs/current/sql-reindex.html
 */
const LEFT_OVER = `
  SELECT format('DROP INDEX CONCURRENTLY IF EXISTS %I.%I', n.nspname, c.relname)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE NOT i.indisvalid AND c.relname ~ '_ccnew[0-9]*$'`;

/**
 * Gives the statement that rebuilds each outdated index. `CONCURRENTLY` is not possible for an index of an exclusion
 * constraint or of a catalog: rebuilding that index locks its table. `doubles` finds the duplicate rows of a unique
 * index.
 */
const OUTDATED = `
  SELECT json_build_object(
      'name', format('%I.%I', n.nspname, c.relname),
      'statement', format('REINDEX INDEX %s%I.%I',
        CASE WHEN i.indisexclusion OR n.nspname = 'pg_catalog' THEN '' ELSE 'CONCURRENTLY ' END, n.nspname, c.relname),
      'doubles', CASE WHEN i.indisunique THEN format('SELECT %s, count(*) FROM %s%s GROUP BY %s HAVING count(*) > 1',
        keys.list, i.indrelid::regclass, coalesce(' WHERE ' || pg_get_expr(i.indpred, i.indrelid), ''), keys.list) END)
    FROM ${SORTED_INDEXES} sorted JOIN pg_index i ON i.indexrelid = sorted.index
    JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
    LATERAL (SELECT string_agg(pg_get_indexdef(i.indexrelid, number, true), ', ' ORDER BY number) AS list
               FROM generate_series(1, i.indnkeyatts) number) keys
   WHERE sorted.outdated ORDER BY pg_relation_size(sorted.index)`;

/**
 * Lists the tables that are partitioned by ranges of text. A rebuilt index does not move a row to its right partition.
 */
const PARTITIONED = `
  SELECT DISTINCT p.partrelid::regclass::text FROM pg_partitioned_table p, unnest(p.partcollation::oid[]) c(oid)
    JOIN pg_collation k ON k.oid = c.oid
   WHERE p.partstrat = 'r' AND CASE k.collprovider WHEN 'd' THEN ${DATABASE_OUTDATED}
         ELSE k.collversion IS DISTINCT FROM pg_collation_actual_version(k.oid) END`;

/**
 * Records the present versions of the collations, only once all indexes are rebuilt. Until then the server goes on
 * warning, and the next update tries again.
 */
const REFRESH = `
  SELECT format('ALTER DATABASE %I REFRESH COLLATION VERSION', current_database()) WHERE ${DATABASE_OUTDATED}
  UNION ALL
  SELECT format('ALTER COLLATION %I.%I REFRESH VERSION', n.nspname, c.collname)
    FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
   WHERE c.collprovider <> 'd' AND c.collversion IS DISTINCT FROM pg_collation_actual_version(c.oid)
     AND (c.collencoding = -1 OR c.collencoding = (SELECT encoding FROM pg_database WHERE datname = current_database()))`;

interface Outdated {
  readonly name: string;
  readonly statement: string;
  /** The query that finds the duplicate rows of a unique index; null for any other index. */
  readonly doubles: string | null;
}

/**
 * Rebuilds every index of every database on this server that was sorted by another version of the C library or of ICU,
 * and then records the present version. Requests are served meanwhile. If an index cannot be rebuilt, the others are
 * rebuilt first; then the refusal gives the statement that finds the rows at fault. Does nothing if no index is
 * outdated.
 */
export async function refreshCollations(database: Database): Promise<{ indexes: number }> {
  const [known] = await database.query(`SELECT ${SINCE_15}`, MAINTENANCE);
  if (known !== "t") return { indexes: 0 };
  const names = await database.query(
    "SELECT datname FROM pg_database WHERE datallowconn ORDER BY pg_database_size(oid)",
    MAINTENANCE,
  );
  let indexes = 0;
  const faults: string[] = [];
  for (const name of names) {
    const done = await refreshDatabase(database, name);
    indexes += done.indexes;
    faults.push(...done.faults);
  }
  if (faults.length > 0) throw new Refusal(report(faults));
  return { indexes };
}

async function refreshDatabase(database: Database, name: string): Promise<{ indexes: number; faults: string[] }> {
  const faults: string[] = [];
  const found = (await database.query(OUTDATED, name)).map((line) => JSON.parse(line) as Outdated);
  if (found.length > 0)
    say(`${name}: rebuilding ${found.length} indexes, sorted by another version of the C library or ICU`);
  await dropLeftOvers(database, name);
  for (const index of found) {
    await database.query(index.statement, name).catch(async (error: unknown) => {
      faults.push(faultOf(name, index, complaint(error)));
      await dropLeftOvers(database, name);
    });
  }
  for (const table of await database.query(PARTITIONED, name))
    say(
      `${name}: ${table} is partitioned by ranges of text; check that each row is in the partition to which it belongs now`,
    );
  if (faults.length === 0)
    for (const statement of await database.query(REFRESH, name)) await database.query(statement, name);
  return { indexes: found.length, faults };
}

async function dropLeftOvers(database: Database, name: string): Promise<void> {
  for (const statement of await database.query(LEFT_OVER, name)) await database.query(statement, name);
}

function faultOf(database: string, { name, doubles }: Outdated, why: string): string {
  const find = doubles === null ? "" : `\n    find the rows: ${doubles};`;
  return `  ${database}: ${name} cannot be rebuilt: ${why.split("\n").join(" ")}${find}`;
}

function report(faults: readonly string[]): string {
  return [
    "Indexes that were sorted by another version of the C library or ICU cannot be rebuilt:",
    ...faults,
    "The database still serves; until the rows are fixed, searches by these indexes may miss rows.",
    `Next: fix the rows, then run \`${pulumi("up")}\` again.`,
  ].join("\n");
}
