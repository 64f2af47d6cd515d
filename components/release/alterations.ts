import { after, follows, is, nameAt, outermost, split, type Statement, word } from "./statements";
import type { Token } from "./tokens";

/** What a destructive statement does. Both can be true: whoever reads a dropped column has lost it, too. */
export interface Harm {
  readonly losesData: boolean;
  readonly breaksRunning: boolean;
}

export const LOSES: Harm = { losesData: true, breaksRunning: false };
export const BREAKS: Harm = { losesData: false, breaksRunning: true };
export const BOTH: Harm = { losesData: true, breaksRunning: true };

/** One harmful action of an ALTER, with the tokens that show it. */
export interface Alteration {
  readonly harm: Harm;
  readonly at: Token;
  readonly shown: Statement;
}

/** What the running version finds by name. An index, a trigger, a policy or a constraint can be renamed unnoticed. */
const CALLED_BY_NAME = new Set("TABLE VIEW TYPE SCHEMA SEQUENCE FUNCTION PROCEDURE ROUTINE DOMAIN DATABASE".split(" "));

/** ALTER COLUMN … DROP, and DROP of things that hold no rows. */
const HARMLESS_DROPS = new Set("CONSTRAINT DEFAULT NOT EXPRESSION IDENTITY".split(" "));
/** After ADD: what is no column. */
const TABLE_CONSTRAINTS = new Set("CONSTRAINT CHECK UNIQUE PRIMARY FOREIGN EXCLUDE VALUE".split(" "));
/** Types that bring a default of their own. */
const SERIALS = new Set("SERIAL SMALLSERIAL BIGSERIAL SERIAL2 SERIAL4 SERIAL8".split(" "));

/**
 * The harmful actions of an ALTER statement, each for itself: ALTER TABLE takes a list. `withDefault` are the columns
 * that this migration has given a default so far (`"table"."column"`), and is added to.
 */
export function alterations(statement: Statement, withDefault: Set<string>): Alteration[] {
  const object = after(statement, 1, "MATERIALIZED", "FOREIGN");
  const kind = word(statement[object]);
  if (!CALLED_BY_NAME.has(kind)) return [];
  const { name, end } = nameAt(statement, after(statement, object + 1, "IF", "EXISTS", "ONLY"));
  const head = statement.slice(0, end);
  const actions = split(statement.slice(after(statement, afterParentheses(statement, end), "*")), ",");
  if (kind === "TABLE") for (const action of actions) noteDefault(action, name, withDefault);
  return actions.flatMap((action) => {
    const harm = harmOf(action, kind, name, withDefault);
    const [at] = action;
    return harm && at ? [{ harm, at, shown: [...head, ...action] }] : [];
  });
}

function harmOf(action: Statement, kind: string, table: string, withDefault: ReadonlySet<string>): Harm | undefined {
  if (is(action[0], "RENAME")) return is(action[1], "CONSTRAINT") ? undefined : BREAKS;
  if (follows(action, 0, "SET", "SCHEMA")) return BREAKS;
  if (kind !== "TABLE" && kind !== "TYPE") return undefined;
  if (is(action[0], "DROP")) return HARMLESS_DROPS.has(word(action[1])) ? undefined : BOTH;
  if (is(action[0], "ALTER")) return harmToColumn(action, table, withDefault);
  if (is(action[0], "ADD") && kind === "TABLE") return demandsValue(action) ? BREAKS : undefined;
  return undefined;
}

function harmToColumn(action: Statement, table: string, withDefault: ReadonlySet<string>): Harm | undefined {
  const { name, end } = nameAt(action, columnAt(action));
  if (is(action[end], "TYPE") || follows(action, end, "SET", "DATA", "TYPE")) return LOSES;
  if (!follows(action, end, "SET", "NOT", "NULL")) return undefined;
  return withDefault.has(`${table}.${name}`) ? undefined : BREAKS;
}

/** A new column that the running version, which does not know it, must fill. */
function demandsValue(action: Statement): boolean {
  if (TABLE_CONSTRAINTS.has(word(action[1]))) return false;
  return isRequired(action) && !hasDefault(action);
}

function isRequired(column: Statement): boolean {
  const words = outermost(column);
  return words.some((_, at) => follows(words, at, "NOT", "NULL") || follows(words, at, "PRIMARY", "KEY"));
}

function hasDefault(column: Statement): boolean {
  return outermost(column).some((token) => is(token, "DEFAULT") || is(token, "GENERATED") || SERIALS.has(word(token)));
}

/** A column name follows; the word COLUMN (ATTRIBUTE of a type) may be missing. */
function columnAt(action: Statement): number {
  return after(action, 1, "COLUMN", "ATTRIBUTE", "IF", "NOT", "EXISTS");
}

/** The index after the arguments of a function; `at` when there are none. */
function afterParentheses(statement: Statement, at: number): number {
  const closing = is(statement[at], "(") ? statement.findIndex((token, index) => index > at && is(token, ")")) : -1;
  return closing < 0 ? at : closing + 1;
}

function noteDefault(action: Statement, table: string, withDefault: Set<string>): void {
  const { name, end } = nameAt(action, columnAt(action));
  const given =
    (is(action[0], "ALTER") && (follows(action, end, "SET", "DEFAULT") || follows(action, end, "ADD", "GENERATED"))) ||
    (is(action[0], "ADD") && !TABLE_CONSTRAINTS.has(word(action[1])) && hasDefault(action));
  if (given) withDefault.add(`${table}.${name}`);
}
