import type { RawStmt, ScanToken } from "libpg-query";
import { shortened } from "../words";

/** Why some SQL cannot be read. */
export interface Fault {
  readonly reason: string;
  /** Where the parser stopped, in bytes from the start of what it was given. */
  readonly at: number;
}

/** PostgreSQL's own parser. For a text that it cannot read it returns a fault, and never throws. */
export interface Parser {
  readonly parse: (sql: string) => readonly RawStmt[] | Fault;
  /** The tree of the PL/pgSQL in one DO statement; the package has no types for it. */
  readonly parseBlock: (sql: string) => object | Fault;
  /** Tokens with their comments; undefined where the text holds something that is never closed, or is too long. */
  readonly scan: (sql: string) => readonly ScanToken[] | undefined;
}

/** In characters. The tokens come as JSON, which is up to a hundred times as long as the text. */
const LARGEST_SCAN = 1_000_000;

const TOO_DEEP = "it is nested too deeply, or too large, to be read";

/**
 * Loads the parser (https://github.com/constructive-io/libpg-query-node). That takes 30 ms and 15 MB, so it is done
 * only where migrations have to be read.
 *
 * The parser has the grammar of PostgreSQL 18 (libpg-query 18.1.5 is built from 18.4), whatever the server's version
 * is. Where an older server refuses a statement that the parser accepts, the rehearsal fails. Syntax of a newer server
 * is reported as unreadable.
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
 * Where the stack of WebAssembly overflows, the parser stays as it was in the middle of its work: it answers some more
 * calls, and then hangs for ever (18.1.5: after some thirty calls). So it is not called again.
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

/** The errors of `parse` have a position, in characters; those of the other functions have none. */
interface ParserError extends Error {
  readonly sqlDetails?: { readonly cursorPosition: number };
}

function faultOf({ message, sqlDetails }: ParserError, sql: string): Fault {
  return { reason: shortened(message), at: bytesOf(sql, sqlDetails?.cursorPosition ?? 0) };
}

/** How many bytes the first `characters` of a text take; PostgreSQL's characters are code points. */
function bytesOf(sql: string, characters: number): number {
  let end = 0;
  for (const character of sql) {
    if (characters-- <= 0) break;
    end += character.length;
  }
  return Buffer.byteLength(sql.slice(0, end));
}

/** Runs code that walks through a tree. JavaScript's own stack may overflow on a tree that PostgreSQL has read. */
export function unlessTooDeep<T>(work: () => T): T | Fault {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) return { reason: TOO_DEEP, at: 0 };
    throw error;
  }
}
