import type { RawStmt, ScanToken } from "libpg-query";
import { shortened } from "../words";

/** Why some SQL cannot be read. */
export interface Fault {
  readonly reason: string;
  /** Where the parser stopped, in bytes from the start of what it was given. */
  readonly at: number;
}

/** PostgreSQL's own parser. What it cannot read is an answer, never an exception. */
export interface Parser {
  readonly parse: (sql: string) => readonly RawStmt[] | Fault;
  /** The tree of the PL/pgSQL in one DO statement; the package has no types for it. */
  readonly parseBlock: (sql: string) => object | Fault;
  /** Tokens with their comments; undefined where the text holds something that is never closed, or is too long. */
  readonly scan: (sql: string) => readonly ScanToken[] | undefined;
}

/** Characters. The tokens come as JSON, which is up to a hundred times as long as the text. */
const LARGEST_SCAN = 1_000_000;

const TOO_DEEP = "it is nested too deeply, or too large, to be read";

/**
 * Loads the parser (https://github.com/constructive-io/libpg-query-node), which takes 30 ms and 15 MB: only where
 * migrations are to be read.
 *
 * It has the grammar of PostgreSQL 18 (libpg-query 18.1.5 is built of 18.4), whatever the server is. Older servers know
 * less than it does: what they refuse, the rehearsal finds. What a newer server knows beyond it cannot be read, and is
 * said to be so.
 */
export async function postgresParser(): Promise<Parser> {
  const postgres = await import("libpg-query");
  await postgres.loadModule();
  const guarded = guard();
  return {
    parse: (sql) => guarded(sql, () => postgres.parseSync(sql).stmts ?? []),
    parseBlock: (sql) => guarded(sql, () => postgres.parsePlPgSQLSync(sql)),
    scan: (sql) => {
      if (sql === "") return [];
      const scanned = sql.length > LARGEST_SCAN ? undefined : guarded(sql, () => postgres.scanSync(sql).tokens);
      return scanned === undefined || isFault(scanned) ? undefined : scanned;
    },
  };
}

export function isFault(value: object): value is Fault {
  return "reason" in value && "at" in value;
}

/**
 * Where the stack of WebAssembly overflows, the parser is left as it was in the middle of its work: it answers some more
 * times, and then hangs for good (18.1.5: after some thirty times). It is asked nothing more.
 */
function guard() {
  let overflown = false;
  return <T>(sql: string, work: () => T): T | Fault => {
    if (overflown) return { reason: "the parser has failed on another text before", at: 0 };
    try {
      return work();
    } catch (error) {
      overflown = error instanceof RangeError || (error as Error).name === "RuntimeError";
      return overflown ? { reason: TOO_DEEP, at: 0 } : faultOf(error as ParserError, sql);
    }
  };
}

/** The errors of `parse` say where, in characters; the others say it not at all. */
interface ParserError extends Error {
  readonly sqlDetails?: { readonly cursorPosition: number };
}

function faultOf({ message, sqlDetails }: ParserError, sql: string): Fault {
  return { reason: shortened(message), at: bytesOf(sql, sqlDetails?.cursorPosition ?? 0) };
}

/** How many bytes so many characters from the start are; PostgreSQL's characters are code points. */
function bytesOf(sql: string, characters: number): number {
  let end = 0;
  for (const character of sql) {
    if (characters-- <= 0) break;
    end += character.length;
  }
  return Buffer.byteLength(sql.slice(0, end));
}

/** Runs what walks through a tree. JavaScript's own stack may overflow on one that PostgreSQL has read. */
export function unlessTooDeep<T>(work: () => T): T | Fault {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) return { reason: TOO_DEEP, at: 0 };
    throw error;
  }
}
