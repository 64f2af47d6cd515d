import { type Finding, destructiveStatements } from "./destructive";
import { type WantedExtension, wantedExtensions } from "./extensions";
import { isFault, type Parser, unlessTooDeep } from "./parser";
import { statementsOf, type Unreadable } from "./statements";

/** What a migration does, as far as its text shows. */
export interface Reading {
  readonly findings: readonly Finding[];
  /** True when the author has marked it: the running version cannot work on the schema that it makes. */
  readonly incompatible: boolean;
  /** The first part that cannot be read, and whose effect is unknown. */
  readonly unreadable?: Unreadable | undefined;
  readonly extensions: readonly WantedExtension[];
}

export function readMigration(parser: Parser, sql: string): Reading {
  const reading = unlessTooDeep(() => readingOf(parser, sql));
  return isFault(reading) ? unread(reading.reason) : reading;
}

/** The reading of a migration that was not read: its effect is unknown. */
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
