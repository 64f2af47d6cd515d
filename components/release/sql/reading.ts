import { type Finding, destructiveStatements } from "./destructive";
import { type WantedExtension, wantedExtensions } from "./extensions";
import { isFault, type Parser, unlessTooDeep } from "./parser";
import { statementsOf, type Unreadable } from "./statements";

/** What a migration does, as far as its text tells. */
export interface Reading {
  readonly findings: readonly Finding[];
  /** Marked by its author: the version that runs cannot serve on the schema that it makes. */
  readonly incompatible: boolean;
  /** The first part of it that cannot be read: what that does is unknown. */
  readonly unreadable?: Unreadable | undefined;
  readonly extensions: readonly WantedExtension[];
}

export function readMigration(parser: Parser, sql: string): Reading {
  const reading = unlessTooDeep(() => readingOf(parser, sql));
  return isFault(reading) ? unread(reading.reason) : reading;
}

/** Of a migration that nobody has read, nothing is known. */
export function unread(reason: string): Reading {
  return { findings: [], incompatible: false, unreadable: { line: 1, reason }, extensions: [] };
}

function readingOf(parser: Parser, sql: string): Reading {
  const { statements, unreadable, marked } = statementsOf(parser, sql);
  const [first] = unreadable.toSorted((one, other) => one.line - other.line);
  return {
    findings: destructiveStatements(parser, statements),
    incompatible: marked,
    ...(first && { unreadable: first }),
    extensions: wantedExtensions(statements),
  };
}
