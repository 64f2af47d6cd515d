/** The reason why a restore failed, as far as the next attempt depends on it. */
type RestoreFailure =
  /** An index needs more memory than a session may take. */
  | { readonly kind: "memory"; readonly megabytes: number }
  /** The parallel workers of an index build do not have enough shared memory in the container. */
  | { readonly kind: "workers" }
  /** The rows violate a rule of the dump: no restore will ever succeed. */
  | { readonly kind: "rows"; readonly violations: readonly Violation[] }
  /** The server does not let in the role that loads rows. */
  | { readonly kind: "login" }
  /** Code that runs when rows are loaded or checked lacks a right. */
  | { readonly kind: "rights" }
  /** The server, its disk or a missing role: another attempt would fail as well. */
  | { readonly kind: "server" }
  /** Without the application's `search_path`, a name in the dump is not found, or names another object. */
  | { readonly kind: "names" };

export interface Violation {
  readonly kind: "foreign key" | "check" | "unique";
  /** Name without schema, which PostgreSQL's error does not have; undefined if the error names no table. */
  readonly table?: string | undefined;
  /** Name of the constraint, or of the index. */
  readonly name: string;
}

const MEMORY = /memory required is (\d+) MB/;
const FOREIGN_KEY = /on table "(.+?)" violates foreign key constraint "(.+?)"(?=$|\n)/g;
const LOGIN = /no pg_hba\.conf entry|pg_hba\.conf rejects|authentication failed|no password supplied/;
const RIGHTS = /ERROR: +(permission denied for|must be (owner|superuser))/;
const SERVER =
  /no space left on device|disk quota|could not extend file|shutting down|terminating connection|server closed the connection|connection to server|out of (shared )?memory|role "[^"]+" does not exist|extension "[^"]+" (is not available|has no)|could not open extension control|pg_restore: error: (could not (read|open|find)|unsupported|did not find)/i;
const CHECKS = [
  /new row for relation "(?<table>.+?)" violates check constraint "(?<name>.+?)"/,
  /check constraint "(?<name>.+?)" of relation "(?<table>.+?)" is violated by some row/,
];
const UNIQUE = /could not create unique index "(.+?)"/;

/** Classifies a failure by what the restore wrote to standard error. */
export function restoreFailure(stderr: string): RestoreFailure {
  const memory = MEMORY.exec(stderr);
  if (memory) return { kind: "memory", megabytes: Number(memory[1]) };
  if (stderr.includes("could not resize shared memory segment")) return { kind: "workers" };
  const violations = foreignKeys(stderr);
  if (violations.length > 0) return { kind: "rows", violations };
  if (LOGIN.test(stderr)) return { kind: "login" };
  if (SERVER.test(stderr)) return { kind: "server" };
  if (RIGHTS.test(stderr)) return { kind: "rights" };
  return { kind: "names" };
}

/** Gives every foreign key that the rows violate. */
export function foreignKeys(stderr: string): Violation[] {
  return [...stderr.matchAll(FOREIGN_KEY)].map(([, table, name = ""]) => ({ kind: "foreign key", table, name }));
}

/** Gives the check or the unique index that the rows violate, if the error names one. */
export function brokenRule(stderr: string): Violation | undefined {
  const check = CHECKS.map((form) => form.exec(stderr)?.groups).find((groups) => groups !== undefined);
  if (check !== undefined) return { kind: "check", table: check["table"], name: check["name"] ?? "" };
  const [, index] = UNIQUE.exec(stderr) ?? [];
  return index === undefined ? undefined : { kind: "unique", name: index };
}

/** Gives the object at which pg_restore stopped, as its table of contents calls it: `TABLE DATA public.pages`. */
export function failedObject(stderr: string): string | undefined {
  const [, entry] = /from TOC entry \d+; \d+ \d+ (.+)/.exec(stderr) ?? [];
  if (entry !== undefined) return entry.replace(/ \S+$/, ""); // without the owner
  const [, table] = /COPY failed for table "(.+?)":/.exec(stderr) ?? [];
  return table && `the data of ${table}`;
}

/** Gives the first error, in one line. */
export function firstError(stderr: string): string {
  const lines = stderr.split("\n");
  return (lines.find((line) => line.includes("ERROR:")) ?? lines.at(-1) ?? "").replace(/^.*?ERROR:\s*/, "").trim();
}
