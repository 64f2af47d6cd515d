import { type CollationFacts, collationFacts } from "../../release/collation-facts";
import { parseJson } from "../../release/records/json";

/**
 * The indexes of the current database whose order comes from the C library or from ICU: `index` (oid) and `outdated`,
 * true where the library's version is not the one that the index was sorted with. PostgreSQL notes the version in
 * pg_database for the default collation and in pg_collation for all others
 * (https://www.postgresql.org/docs/current/sql-altercollation.html). musl gives no version: going from or to it counts as
 * a change. Partitioned indexes have no storage of their own.
 */
export const SORTED_INDEXES = `
  (WITH db AS (
     SELECT datcollversion AS recorded, pg_database_collation_actual_version(oid) AS actual
       FROM pg_database WHERE datname = current_database()),
   used AS (
     SELECT i.indexrelid AS index, c.oid AS collation FROM pg_index i, unnest(i.indcollation::oid[]) c(oid)
     UNION
     SELECT i.indexrelid, d.refobjid FROM pg_depend d JOIN pg_index i ON i.indexrelid = d.objid
      WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_collation'::regclass),
   versions AS (
     SELECT u.index, CASE k.collprovider WHEN 'd' THEN db.recorded ELSE k.collversion END AS recorded,
            CASE k.collprovider WHEN 'd' THEN db.actual ELSE pg_collation_actual_version(k.oid) END AS actual
       FROM used u JOIN pg_collation k ON k.oid = u.collation, db)
   SELECT v.index, bool_or(v.recorded IS DISTINCT FROM v.actual) AS outdated
     FROM versions v JOIN pg_class c ON c.oid = v.index
    WHERE (v.recorded IS NOT NULL OR v.actual IS NOT NULL) AND c.relkind = 'i' AND c.relpersistence <> 't'
    GROUP BY v.index)`;

/** Whether the current database, or a collation in it, was made with another version of its library. */
export const DATABASE_OUTDATED = `
  (SELECT datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid) FROM pg_database
    WHERE datname = current_database())`;

/** From PostgreSQL 15 on the versions are noted for databases, too; before, nothing can be told. */
export const SINCE_15 = "current_setting('server_version_num')::int >= 150000";

/** Asks nothing of a server before PostgreSQL 15. */
export const COLLATIONS = `
  SELECT $sql$
    SELECT json_build_object(
      'recorded', (SELECT datcollversion FROM pg_database WHERE datname = current_database()),
      'actual', (SELECT pg_database_collation_actual_version(oid) FROM pg_database WHERE datname = current_database()),
      'outdated', ${DATABASE_OUTDATED} OR count(*) FILTER (WHERE outdated) > 0,
      'indexes', count(*),
      'bytes', coalesce(sum(pg_relation_size(index)), 0)) FROM ${SORTED_INDEXES} sorted;
  $sql$ WHERE ${SINCE_15}
  \\gexec`;

/** Reads the answer to COLLATIONS; undefined where there is none. */
export function collationsIn(answer: string): CollationFacts | undefined {
  return collationFacts.safeParse(parseJson(answer)).data;
}
