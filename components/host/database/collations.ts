import { type CollationFacts, collationFacts } from "../../release/collation-facts";
import { parseJson } from "../../release/records/json";

/**
 * Lists the indexes of the current database whose order comes from the C library or ICU: `index` (oid) and `outdated`,
 * true where the index was sorted with another version of the library. PostgreSQL records the version in pg_database
 * for the default collation, and in pg_collation for all others
 * (https://www.postgresql.org/docs/current/sql-altercollation.html). musl gives no version: a change from or to musl
 * counts as another version. Partitioned indexes have no storage of their own.
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

/** True when the default collation of the current database was recorded with another version of its library. */
export const DATABASE_OUTDATED = `
  (SELECT datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid) FROM pg_database
    WHERE datname = current_database())`;

/** True from PostgreSQL 15 on, which records the version for databases, too. For older servers nothing is known. */
export const SINCE_15 = "current_setting('server_version_num')::int >= 150000";

/** Gives the facts about collations; nothing on a server before PostgreSQL 15. */
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
