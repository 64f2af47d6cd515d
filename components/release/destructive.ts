import { alterations, BOTH, BREAKS, type Harm, LOSES } from "./alterations";
import {
  after,
  bodyOfBlock,
  follows,
  is,
  nameAt,
  type Statement,
  statementsOf,
  statementsOfBlock,
  upToParenthesis,
  word,
  written,
} from "./statements";
import { lex, type Token } from "./tokens";

/** A statement that loses data, or that the running version cannot live with. */
export interface Finding extends Harm {
  /** Line of the file on which the destructive words begin, from 1: in a long ALTER TABLE that of the action. */
  readonly line: number;
  /** The statement on one line, shortened. */
  readonly statement: string;
}

const SHOWN = 100;

/** What is gone, rows included, once it is dropped. Views, indexes, triggers and functions can be made again. */
const HOLDS_DATA = new Set("TABLE SCHEMA DATABASE TYPE DOMAIN SEQUENCE EXTENSION OWNED".split(" "));
/** Statements whose text is kept for later and does not run now. */
const DEFINITIONS = new Set("FUNCTION PROCEDURE RULE TRIGGER".split(" "));
/** What may stand before the DELETE of a query: `WITH x AS (DELETE …`, `… ) DELETE …`, `FOR row IN DELETE …`. */
const BEFORE_DELETE = new Set(["(", ")", "IN", "QUERY", "ANALYZE", "VERBOSE", "EXPLAIN"]);

/**
 * The destructive statements of a migration, in the order of the file. Statements in a DO block count, also those that
 * it executes from a text; those in the body of a function do not, they run later if ever. What a migration itself
 * has made before, it may drop, empty and change.
 *
 * This reads SQL by PostgreSQL's lexical rules and by the shape of a few statements. It is a warning to a person, not
 * a proof: what a called function does is not seen.
 */
export function destructiveStatements(sql: string): Finding[] {
  const seen: Seen = { made: new Set(), withDefault: new Set() };
  return statementsOf(lex(sql).tokens).flatMap((statement) => findings(statement, seen));
}

/** What the author of a migration writes into it when the version before cannot run on its schema. */
const MARK = /^\s*nestfleet:\s*incompatible\b/i;

/** True when a comment `-- nestfleet: incompatible` stands anywhere in the migration. */
export function isMarkedIncompatible(sql: string): boolean {
  const { tokens, comments } = lex(sql);
  const blocks = statementsOf(tokens).flatMap((statement) => bodyOfBlock(statement) ?? []);
  return [...comments, ...blocks.flatMap(({ text }) => lex(text).comments)].some((comment) => MARK.test(comment));
}

/** What the statements so far have made and given a default. */
interface Seen {
  readonly made: Set<string>;
  readonly withDefault: Set<string>;
}

function findings(statement: Statement, seen: Seen): Finding[] {
  const body = bodyOfBlock(statement);
  if (body) return findingsOfBlock(body, seen);
  switch (word(statement[0])) {
    case "CREATE":
      return creation(statement, seen);
    case "ALTER":
      return alteration(statement, seen);
    case "DROP":
      return drop(statement, seen);
    case "TRUNCATE":
      return sparing(seen, nameAt(statement, after(statement, 1, "TABLE", "ONLY")).name, finding(statement, LOSES));
    default:
      return deletions(statement, seen);
  }
}

/** What a block makes, it may make under a condition: the statements after it do not count on that. */
function findingsOfBlock({ text, line }: Token, seen: Seen): Finding[] {
  const within = { made: new Set(seen.made), withDefault: new Set(seen.withDefault) };
  return statementsOfBlock(lex(text, line).tokens).flatMap((statement) => findingsInBlock(statement, within));
}

/** In a block a statement may also be a text that is executed. */
function findingsInBlock(statement: Statement, seen: Seen): Finding[] {
  if (!is(statement[0], "EXECUTE")) return findings(statement, seen);
  return statement
    .filter(({ kind }) => kind === "literal")
    .flatMap(({ text, line }) => statementsOf(lex(text, line).tokens).flatMap((inner) => findings(inner, seen)));
}

function creation(statement: Statement, seen: Seen): Finding[] {
  const at = after(statement, 1, "OR", "REPLACE", "CONSTRAINT", "TEMP", "TEMPORARY", "UNLOGGED");
  if (DEFINITIONS.has(word(statement[at]))) return [];
  // IF NOT EXISTS may find a table that is full.
  if (is(statement[at], "TABLE") && !is(statement[at + 1], "IF")) seen.made.add(nameAt(statement, at + 1).name);
  return deletions(statement, seen);
}

function alteration(statement: Statement, seen: Seen): Finding[] {
  const { name } = nameAt(statement, after(statement, 1, "TABLE", "IF", "EXISTS", "ONLY"));
  const found = alterations(statement, seen.withDefault).map(({ harm, at, shown }) => ({
    ...harm,
    line: at.line,
    statement: shortened(written(shown)),
  }));
  return is(statement[1], "TABLE") && seen.made.has(name) ? [] : found;
}

function drop(statement: Statement, seen: Seen): Finding[] {
  const kind = word(statement[1]);
  if (is(statement[1], "FOREIGN") && is(statement[2], "TABLE")) return finding(statement, BREAKS);
  if (!HOLDS_DATA.has(kind)) return [];
  const several = statement.some((token) => is(token, ","));
  const { name } = nameAt(statement, after(statement, 2, "IF", "EXISTS"));
  const found = finding(statement, BOTH);
  return kind === "TABLE" && !several ? sparing(seen, name, found) : found;
}

function deletions(statement: Statement, seen: Seen): Finding[] {
  return statement.flatMap((token, at) => {
    if (!is(token, "DELETE")) return [];
    const before = statement[at - 1];
    const deletes = follows(statement, at + 1, "FROM") && (at === 0 || BEFORE_DELETE.has(before?.text ?? ""));
    const merges = is(before, "THEN");
    if (!deletes && !merges) return [];
    const { name } = nameAt(statement, after(statement, at + 2, "ONLY"));
    return sparing(seen, name, finding(upToParenthesis(statement.slice(at)), LOSES));
  });
}

function finding(statement: Statement, harm: Harm): Finding[] {
  return [{ ...harm, line: statement[0]?.line ?? 1, statement: shortened(written(statement)) }];
}

function sparing({ made }: Seen, name: string, found: Finding[]): Finding[] {
  return made.has(name) ? [] : found;
}

function shortened(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 1).trimEnd()}…` : text;
}
