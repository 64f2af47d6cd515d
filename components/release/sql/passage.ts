import type { ScanToken } from "libpg-query";
import type { Parser } from "./parser";
import { shortened } from "../words";

/** A piece of SQL, and its place in the file. Positions are in bytes of UTF-8, as PostgreSQL counts them. */
export interface Passage {
  readonly sql: string;
  readonly bytes: Buffer;
  /** Gives the line of the file, from 1, for a position. */
  readonly lineAt: (position: number) => number;
  /** For SQL that is composed when it runs: replaces the placeholders of its unknown parts by the words of the file. */
  readonly asWritten: (text: string) => string;
}

export function passage(
  sql: string,
  lineAt?: Passage["lineAt"],
  asWritten: Passage["asWritten"] = (text) => text,
): Passage {
  const bytes = Buffer.from(sql);
  return { sql, bytes, lineAt: lineAt ?? lineCounter(bytes), asWritten };
}

/** A part of a passage. */
export function part(whole: Passage, start: number, end: number): Passage {
  const sql = textOf(whole, start, end);
  return passage(sql, (position) => whole.lineAt(start + position), whole.asWritten);
}

export function textOf({ bytes }: Passage, start: number, end: number): string {
  return bytes.toString("utf8", start, end);
}

/** Counts lines. It continues from the last position, because most calls come in the order of the file. */
export function lineCounter(bytes: Buffer, first = 1): Passage["lineAt"] {
  let counted = { position: 0, line: first };
  return (position) => {
    if (position < counted.position) counted = { position: 0, line: first };
    let { line } = counted;
    const end = Math.min(position, bytes.length);
    for (let at = counted.position; (at = bytes.indexOf(NEWLINE, at)) >= 0 && at < end; at++) line++;
    counted = { position: end, line };
    return line;
  };
}

const NEWLINE = 0x0a;

/** The position where a line begins; lines count from 1. */
export function startOfLine(bytes: Buffer, line: number): number {
  let start = 0;
  for (let before = 1; before < line; before++) start = bytes.indexOf(NEWLINE, start) + 1;
  return start;
}

/** How many bytes of a statement are read to show it: more than is shown, because comments are left out. */
const READ = 2000;

/**
 * The text of a part on one line, shortened and without comments; it ends where a parenthesis around the part closes.
 */
export function written(parser: Parser, whole: Passage, start: number, end: number, head = ""): string {
  const text = textOf(whole, start, Math.min(end, start + READ));
  return shortened(whole.asWritten(`${head} ${withoutComments(parser, text)}`.trim()));
}

/** A text that was cut off in a comment or a literal has no tokens, and is shown as it is. */
function withoutComments(parser: Parser, text: string): string {
  let depth = 0;
  let before = 0;
  let line = "";
  const tokens = parser.scan(text)?.filter((token) => !isComment(token));
  if (tokens === undefined) return text.replace(/\s+/g, " ").trim();
  const bytes = Buffer.from(text);
  for (const { start, end } of tokens) {
    const token = bytes.toString("utf8", start, end);
    depth += nesting(token);
    if (depth < 0) break;
    line += (line !== "" && start > before ? " " : "") + token.replace(/\s+/g, " ");
    before = end;
  }
  return line;
}

export function isComment({ tokenName }: ScanToken): boolean {
  return tokenName === "SQL_COMMENT" || tokenName === "C_COMMENT";
}

/**
 * The tokens of a part without comments, with their positions in the passage; none where the part cannot be split into
 * tokens.
 */
export function tokensIn(parser: Parser, whole: Passage, start: number, end: number): ScanToken[] {
  const tokens = parser.scan(textOf(whole, start, end)) ?? [];
  return tokens
    .filter((token) => !isComment(token))
    .map((token) => ({ ...token, start: start + token.start, end: start + token.end }));
}

/** Whether a token is this word of SQL, and not a quoted name or a literal with the same letters. */
export function isWord(token: ScanToken | undefined, word: string): boolean {
  return token !== undefined && token.keywordKind !== 0 && token.text.toUpperCase() === word;
}

/** What a token adds to the depth of parentheses and brackets. */
export function nesting(token: string): number {
  return token === "(" || token === "[" ? 1 : token === ")" || token === "]" ? -1 : 0;
}
