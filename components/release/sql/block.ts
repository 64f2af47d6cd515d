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
   * Its SQL, and the texts that it puts together and executes, in the order of the body. The control structures around
   * them are left out: whatever may run, counts.
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

/** What an option says, where that is a name or a text. */
export function wordOf(option: DefElem | undefined): string | undefined {
  return option?.arg && "String" in option.arg ? option.arg.String.sval : undefined;
}

/** Its lines are those of the file, unless it is a literal with escapes. */
function textAt(text: string, line: number, asWritten: Passage["asWritten"]): Passage {
  return passage(text, lineCounter(Buffer.from(text), line), asWritten);
}

/**
 * The parser knows no tables, and so no column of a variable of the type `cases%ROWTYPE`: assigning to one is an error to
 * it. Of a type that is only called `cases` it takes any column for granted.
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
  /** An expression that gives the text that is executed, instead of that text. */
  readonly computed: boolean;
}

/** As PostgreSQL's RawParseMode numbers them (src/include/parser/parser.h): whole statements are 0. */
const expression = z.object({ PLpgSQL_expr: z.object({ query: z.string(), parseMode: z.number() }) });

/** The fields of EXECUTE, FOR … IN EXECUTE, OPEN … FOR EXECUTE and RETURN QUERY EXECUTE that say what they execute. */
const EXECUTED = new Set(["query", "dynquery"]);

/** All SQL but the expressions, which change nothing: PostgreSQL takes no DELETE in a subquery. */
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

/** The tree has the loop's body before what it loops over, and no more of a place than the line of the statement. */
function inOrder(parser: Parser, expressions: readonly Expression[], body: Passage): [Passage, Expression][] {
  const isToken = tokenStarts(parser, body);
  const placed = expressions.map((one): [number, Passage, Expression] => {
    const line = startOfLine(body.bytes, one.line);
    // Where INTO was cut out of the SQL, it does not stand in the body as it is.
    let found = body.bytes.indexOf(one.query, line);
    while (found >= 0 && !isToken(found)) found = body.bytes.indexOf(one.query, found + 1);
    const start = found < 0 ? line : found;
    return [start, textAt(one.query, body.lineAt(start), body.asWritten), one];
  });
  return placed.sort(([first], [second]) => first - second).map(([, sql, one]) => [sql, one]);
}

/** Whether a token begins somewhere: the same words may stand in a comment or in a literal. */
function tokenStarts(parser: Parser, { sql }: Passage): (position: number) => boolean {
  const tokens = parser.scan(sql);
  if (tokens === undefined) return () => true;
  const starts = new Set(tokens.filter((token) => !isComment(token)).map(({ start }) => start));
  return (position) => starts.has(position);
}
