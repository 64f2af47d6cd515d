import type { DefElem, Node } from "libpg-query";
import { z } from "zod";
import { computedText } from "./computed";
import { type Fault, isFault, type Parser } from "./parser";
import { isComment, lineCounter, type Passage, passage, startOfLine, textOf } from "./passage";
import type { Statement, Unreadable } from "./statements";

/** What a DO block executes. */
interface Block {
  readonly body: Passage;
  /**
   * Its SQL, and the texts that it composes and executes, in the order of the body. The control structures around them
   * are left out, because every statement counts that may run.
   */
  readonly executes: readonly Passage[];
  readonly unreadable: readonly Unreadable[];
}

/** Undefined for any other statement. */
export function blockOf(parser: Parser, { node, passage: text, start, end }: Statement): Block | undefined {
  if (!("DoStmt" in node)) return undefined;
  const { as, language } = namedOptions(node.DoStmt.args);
  const body = textAt(wordOf(as) ?? "", text.lineAt(as?.location ?? start), text.asWritten);
  const spoken = wordOf(language)?.toLowerCase() ?? "plpgsql";
  const tree =
    spoken === "plpgsql" ? parseBlock(parser, textOf(text, start, end)) : { reason: `a block in ${spoken}`, at: 0 };
  if (isFault(tree)) {
    const reason = text.asWritten(tree.reason);
    return { body, executes: [], unreadable: [{ line: text.lineAt(start), reason }] };
  }
  const executes = inOrder(parser, expressionsIn(tree), body).map(([sql, { computed }]) =>
    computed ? computedText(parser, sql) : sql,
  );
  return {
    body,
    executes: executes.flatMap((one) => (isUnreadable(one) ? [] : [one])),
    unreadable: executes.filter(isUnreadable),
  };
}

function isUnreadable(one: Passage | Unreadable): one is Unreadable {
  return "reason" in one;
}

/** The options of a statement by their names. */
export function namedOptions(options: readonly Node[] = []): Partial<Record<string, DefElem>> {
  const found = options.flatMap((option) => ("DefElem" in option ? [option.DefElem] : []));
  return Object.fromEntries(found.map((option) => [option.defname ?? "", option]));
}

/** The value of an option, where it is a name or a text. */
export function wordOf(option: DefElem | undefined): string | undefined {
  return option?.arg && "String" in option.arg ? option.arg.String.sval : undefined;
}

/** A passage for a text in the file. Its lines are those of the file, unless the text is a literal with escapes. */
function textAt(text: string, line: number, asWritten: Passage["asWritten"]): Passage {
  return passage(text, lineCounter(Buffer.from(text), line), asWritten);
}

/**
 * The parser does not know tables, and so no column of a variable of the type `cases%ROWTYPE`: an assignment to such a
 * column is an error for it. For a type that is only called `cases` it accepts any column.
 */
function parseBlock(parser: Parser, sql: string): object | Fault {
  const parsed = parser.parseBlock(sql);
  const other = sql.replace(/%\s*ROWTYPE\b/gi, "");
  return isFault(parsed) && other !== sql ? parser.parseBlock(other) : parsed;
}

/** SQL in a block, on a line of its body. */
interface Expression {
  readonly query: string;
  readonly line: number;
  /** True for an expression whose value is the text that is executed. */
  readonly computed: boolean;
}

/**
 * An expression with its mode as PostgreSQL's RawParseMode numbers it (src/include/parser/parser.h): 0 is a whole
 * statement.
 */
const expression = z.object({ PLpgSQL_expr: z.object({ query: z.string(), parseMode: z.number() }) });

/** The fields of EXECUTE, FOR … IN EXECUTE, OPEN … FOR EXECUTE and RETURN QUERY EXECUTE that say what they execute. */
const EXECUTED = new Set(["query", "dynquery"]);

/** All SQL except plain expressions, which change nothing: PostgreSQL does not accept DELETE in a subquery. */
function expressionsIn(tree: unknown, line = 1): Expression[] {
  if (Array.isArray(tree)) return tree.flatMap((item) => expressionsIn(item, line));
  if (typeof tree !== "object" || tree === null) return [];
  const own = "lineno" in tree && typeof tree.lineno === "number" ? tree.lineno : line;
  return Object.entries(tree).flatMap(([field, value]) => {
    const found = expression.safeParse(value);
    if (!found.success) return expressionsIn(value, own);
    const { query, parseMode } = found.data.PLpgSQL_expr;
    return parseMode === 0 || EXECUTED.has(field) ? [{ query, line: own, computed: parseMode !== 0 }] : [];
  });
}

/**
 * Sorts by position. The tree has the body of a loop before its query, and of a position only the line of the
 * statement.
 */
function inOrder(parser: Parser, expressions: readonly Expression[], body: Passage): [Passage, Expression][] {
  const isToken = tokenStarts(parser, body);
  const placed = expressions.map((one): [number, Passage, Expression] => {
    const line = startOfLine(body.bytes, one.line);
    // Where the parser has cut INTO out of the SQL, the body does not contain that text.
    let found = body.bytes.indexOf(one.query, line);
    while (found >= 0 && !isToken(found)) found = body.bytes.indexOf(one.query, found + 1);
    const start = found < 0 ? line : found;
    return [start, textAt(one.query, body.lineAt(start), body.asWritten), one];
  });
  return placed.sort(([first], [second]) => first - second).map(([, sql, one]) => [sql, one]);
}

/** Says whether a token begins at a position: the same words may occur in a comment or in a literal. */
function tokenStarts(parser: Parser, { sql }: Passage): (position: number) => boolean {
  const tokens = parser.scan(sql);
  if (tokens === undefined) return () => true;
  const starts = new Set(tokens.filter((token) => !isComment(token)).map(({ start }) => start));
  return (position) => starts.has(position);
}
