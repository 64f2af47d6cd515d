import type { Node, RawStmt, ScanToken } from "libpg-query";
import { blockOf } from "./block";
import { type Fault, isFault, type Parser } from "./parser";
import { isWord, nesting, part, type Passage, passage, textOf } from "./passage";

/** A statement that a migration executes. */
export interface Statement {
  readonly node: Node;
  readonly passage: Passage;
  /** Its position in the passage: from its first word to before the semicolon. */
  readonly start: number;
  readonly end: number;
  /** Of a DO block: the statements that it executes, in their order. */
  readonly inside?: readonly Statement[] | undefined;
}

/** A part that could not be read, and so may do anything. */
export interface Unreadable {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly reason: string;
}

interface Statements {
  readonly statements: readonly Statement[];
  /** In the order in which they were found. */
  readonly unreadable: readonly Unreadable[];
  /** Whether a comment `-- nestfleet: incompatible` occurs anywhere, also in a block. */
  readonly marked: boolean;
}

/** The mark of a migration whose author knows that the version before it cannot run on its schema. */
const MARK = /--\s*nestfleet:\s*incompatible\b/i;

/** The statements of a file, and of the blocks in it. */
export function statementsOf(parser: Parser, sql: string): Statements {
  // A byte order mark is not SQL, and psql skips it (src/bin/psql/mainloop.c). Half a surrogate pair is not UTF-8.
  const file = passage(Buffer.from(sql.replace(/^\uFEFF/, "")).toString());
  // The parser is written in C, where a text ends at its first NUL: it would not see the rest.
  const nul = file.bytes.indexOf(0);
  if (nul < 0) return read(parser, file);
  const unreadable = [{ line: file.lineAt(nul), reason: "it has a NUL byte, as text in UTF-16 does" }];
  return { statements: [], unreadable, marked: MARK.test(sql.replaceAll("\0", "")) };
}

function read(parser: Parser, text: Passage): Statements {
  const found = split(parser, text);
  const blocks = found.statements.map((statement) => readBlock(parser, statement));
  return {
    statements: found.statements.map((statement, at) => ({ ...statement, inside: blocks[at]?.statements })),
    unreadable: [...found.unreadable, ...blocks.flatMap((block) => block?.unreadable ?? [])],
    marked: isMarked(parser, text) || blocks.some((block) => block?.marked),
  };
}

function readBlock(parser: Parser, statement: Statement): Statements | undefined {
  const block = blockOf(parser, statement);
  if (block === undefined) return undefined;
  const inside = block.executes.map((text) => read(parser, text));
  return {
    statements: inside.flatMap(({ statements }) => statements),
    unreadable: [...block.unreadable, ...inside.flatMap(({ unreadable }) => unreadable)],
    marked: isMarked(parser, block.body) || inside.some(({ marked }) => marked),
  };
}

/**
 * Whether a comment marks the text. A text that cannot be split into tokens counts as marked wherever the mark occurs.
 */
function isMarked(parser: Parser, { sql }: Passage): boolean {
  if (!MARK.test(sql)) return false;
  const tokens = parser.scan(sql);
  return tokens?.some(({ tokenName, text }) => tokenName === "SQL_COMMENT" && text.search(MARK) === 0) ?? true;
}

type Split = Omit<Statements, "marked">;

/** PostgreSQL parses a text as a whole. Where that fails, each statement that can be read is still read. */
function split(parser: Parser, text: Passage): Split {
  const whole = parse(parser, text);
  if (!isFault(whole)) return { statements: whole, unreadable: [] };
  const tokens = parser.scan(text.sql);
  if (tokens !== undefined) return piecemeal(parser, text, tokens);
  // From there on something is never closed, or the text is too long to be split into tokens.
  const before = piecemeal(parser, text, parser.scan(textOf(text, 0, whole.at)) ?? []);
  return { ...before, unreadable: [...before.unreadable, unreadable(text, whole)] };
}

function piecemeal(parser: Parser, text: Passage, tokens: readonly ScanToken[]): Split {
  const pieces = between(tokens).map(([start, end]) => part(text, start, end));
  const parsed = pieces.map((piece) => parse(parser, piece));
  return {
    statements: parsed.flatMap((result) => (isFault(result) ? [] : result)),
    unreadable: pieces.flatMap((piece, at) => {
      const result = parsed[at];
      return result !== undefined && isFault(result) ? [unreadable(piece, result)] : [];
    }),
  };
}

function unreadable({ lineAt, asWritten }: Passage, { reason, at }: Fault): Unreadable {
  return { line: lineAt(at), reason: asWritten(reason) };
}

function parse(parser: Parser, text: Passage): Statement[] | Fault {
  const parsed = text.sql === "" ? [] : parser.parse(text.sql);
  return isFault(parsed) ? parsed : parsed.flatMap((raw) => statementOf(raw, text));
}

function statementOf({ stmt, stmt_location: start = 0, stmt_len: length }: RawStmt, text: Passage): Statement[] {
  const end = length === undefined || length === 0 ? text.bytes.length : start + length;
  return stmt === undefined ? [] : [{ node: stmt, passage: text, start, end }];
}

/**
 * Where statements begin and end: at the semicolons outside of parentheses (those of CREATE RULE are inside) and of the
 * body of a function in standard SQL (BEGIN ATOMIC … END).
 */
function between(tokens: readonly ScanToken[]): [number, number][] {
  const found: [number, number][] = [];
  let depth = 0;
  let blocks = 0;
  let start: number | undefined;
  for (const [at, token] of tokens.entries()) {
    depth += nesting(token.text);
    blocks += ofBlock(token, tokens[at - 1], blocks);
    start ??= token.start;
    if (token.text !== ";" || depth > 0 || blocks > 0) continue;
    found.push([start, token.start]);
    start = undefined;
  }
  return start === undefined ? found : [...found, [start, tokens.at(-1)?.end ?? start]];
}

/** How a token changes the depth in bodies of functions: CASE has an END, too. */
function ofBlock(token: ScanToken, before: ScanToken | undefined, blocks: number): number {
  if (blocks === 0) return isWord(token, "ATOMIC") && isWord(before, "BEGIN") ? 1 : 0;
  return isWord(token, "CASE") ? 1 : isWord(token, "END") ? -1 : 0;
}
