import { complaint, type Database, literal } from "../../host/database/database";
import type { Violation } from "./failure";
import { indented, say } from "../../host/output";

/** Gives the statement that lists the rows that violate a foreign key; the server quotes the names in it. */
const FOREIGN_KEY = `
  SELECT format('SELECT child.* FROM %s%I.%I child WHERE %s AND NOT EXISTS (SELECT FROM %I.%I parent WHERE %s);',
      CASE WHEN c.relkind = 'p' THEN '' ELSE 'ONLY ' END, n.nspname, c.relname,
      string_agg(format('child.%I IS NOT NULL', a.attname), ' AND '), pn.nspname, p.relname,
      string_agg(format('parent.%I = child.%I', pa.attname, a.attname), ' AND '))
    FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace,
    unnest(k.conkey, k.confkey) keys (child, parent)
    JOIN pg_attribute a ON true JOIN pg_attribute pa ON true
   WHERE k.contype = 'f' AND a.attrelid = k.conrelid AND a.attnum = keys.child
     AND pa.attrelid = k.confrelid AND pa.attnum = keys.parent
     AND k.conname = :name AND c.relname = :table
   GROUP BY k.oid, c.relkind, n.nspname, c.relname, pn.nspname, p.relname`;

const CHECK = `
  SELECT format('SELECT * FROM ONLY %I.%I WHERE NOT (%s);', n.nspname, c.relname, pg_get_expr(k.conbin, k.conrelid))
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE k.contype = 'c' AND k.conname = :name AND c.relname = :table`;

const UNIQUE = `
  SELECT format('SELECT %1$s, count(*) FROM %2$I.%3$I%4$s GROUP BY %1$s HAVING count(*) > 1;',
      (SELECT string_agg(pg_get_indexdef(i.indexrelid, key, true), ', ') FROM generate_series(1, i.indnkeyatts) key),
      n.nspname, c.relname, ' WHERE ' || pg_get_expr(i.indpred, i.indrelid))
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
    JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE i.indisunique AND x.relname = :name`;

const STATEMENTS = { "foreign key": FOREIGN_KEY, check: CHECK, unique: UNIQUE };

/**
 * Describes the rows that prevent a restore: the rules that they violate, and statements that list them in the live
 * database.
 */
export async function describeViolations(live: Database, violations: readonly Violation[]): Promise<string> {
  const rules = violations.map(({ kind, table, name }) => {
    const where = table === undefined ? "" : ` of ${table}`;
    return `rows${where} violate the ${kind}${kind === "unique" ? " index" : ""} ${name}`;
  });
  const statements = await Promise.all(violations.map((violation) => statementsFor(live, violation)));
  const listing = statements.flat();
  return rules.join(", ") + (listing.length === 0 ? "" : `; to list them:\n${indented(listing.join("\n"))}`);
}

/** Gives the statements for one violation; none if the live database does not have the rule any more. */
async function statementsFor(live: Database, { kind, table = "", name }: Violation): Promise<string[]> {
  const sql = STATEMENTS[kind].replace(":name", () => literal(name)).replace(":table", () => literal(table));
  return live.query(sql).catch((error: unknown) => {
    say(`The statement that lists the rows could not be made: ${complaint(error)}`);
    return [];
  });
}
