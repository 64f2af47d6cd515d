import type { ScanToken } from "libpg-query";
import type { Parser } from "./parser";
import { shortened } from "../words";

/** Some SQL, and where in the file it stands. Positions are in bytes of UTF-8, as PostgreSQL counts them. */
export interface Passage {
  readonly sql: string;
  readonly bytes: Buffer;
  /** The line of the file, from 1. */
  readonly lineAt: (position: number) => number;
  /** Of SQL that is put together when it runs: with what stands for its unknown parts named as the file names it. */
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

/** Goes on from where it was asked last: most questions come in the order of the file. */
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

/** Where a line begins; lines count from 1. */
export function startOfLine(bytes: Buffer, line: number): number {
  let start = 0;
  for (let before = 1; before < line; before++) start = bytes.indexOf(NEWLINE, start) + 1;
  return start;
}

/** More than what is shown of a statement, comments included. */
const READ = 2000;

/** What stands there on one line, without comments, shortened; up to the parenthesis that closes around it. */
export function written(parser: Parser, whole: Passage, start: number, end: number, head = ""): string {
  const text = textOf(whole, start, Math.min(end, start + READ));
  return shortened(whole.asWritten(`${head} ${withoutComments(parser, text)}`.trim()));
}

/** One that was cut off in a comment or a literal has no tokens, and is shown as it is. */
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

/** The tokens of a part but for its comments, where they stand in the passage; none of what cannot be taken apart. */
export function tokensIn(parser: Parser, whole: Passage, start: number, end: number): ScanToken[] {
  const tokens = parser.scan(textOf(whole, start, end)) ?? [];
  return tokens
    .filter((token) => !isComment(token))
    .map((token) => ({ ...token, start: start + token.start, end: start + token.end }));
}

/** Whether a token is this word of SQL, and not a name in quotes or a text that is spelled so. */
export function isWord(token: ScanToken | undefined, word: string): boolean {
  return token !== undefined && token.keywordKind !== 0 && token.text.toUpperCase() === word;
}

/** What a token adds to the depth of parentheses and brackets. */
export function nesting(token: string): number {
  return token === "(" || token === "[" ? 1 : token === ")" || token === "]" ? -1 : 0;
}
