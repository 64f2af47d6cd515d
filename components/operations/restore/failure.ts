/** Why a restore failed, as far as its way on depends on it. */
type RestoreFailure =
  /** An index needs more memory than a session may take. */
  | { readonly kind: "memory"; readonly megabytes: number }
  /** Workers that build an index together have no room for it in the container's shared memory. */
  | { readonly kind: "workers" }
  /** The data break a rule of their own: no restore will ever succeed. */
  | { readonly kind: "rows"; readonly violations: readonly Violation[] }
  /** The server does not let the role in as which rows are loaded. */
  | { readonly kind: "login" }
  /** What is evaluated when rows are loaded or checked may not do what it does. */
  | { readonly kind: "rights" }
  /** The server, its disk or a role: another way would fail as well. */
  | { readonly kind: "server" }
  /** Something in the dump is not found, or does what it should not, without the application's `search_path`. */
  | { readonly kind: "names" };

export interface Violation {
  readonly kind: "foreign key" | "check" | "unique";
  /** Without its schema, which PostgreSQL does not name; undefined where it names no table. */
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

/** What a restore said before it failed. */
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

/** Every foreign key that the rows break. */
export function foreignKeys(stderr: string): Violation[] {
  return [...stderr.matchAll(FOREIGN_KEY)].map(([, table, name = ""]) => ({ kind: "foreign key", table, name }));
}

/** A check or a unique index that the rows break even where every name is found. */
export function brokenRule(stderr: string): Violation | undefined {
  const check = CHECKS.map((form) => form.exec(stderr)?.groups).find((groups) => groups !== undefined);
  if (check !== undefined) return { kind: "check", table: check["table"], name: check["name"] ?? "" };
  const [, index] = UNIQUE.exec(stderr) ?? [];
  return index === undefined ? undefined : { kind: "unique", name: index };
}

/** The object at which pg_restore gave up, as its table of contents calls it: `TABLE DATA public.pages`. */
export function failedObject(stderr: string): string | undefined {
  const [, entry] = /from TOC entry \d+; \d+ \d+ (.+)/.exec(stderr) ?? [];
  if (entry !== undefined) return entry.replace(/ \S+$/, ""); // without the owner
  const [, table] = /COPY failed for table "(.+?)":/.exec(stderr) ?? [];
  return table && `the data of ${table}`;
}

/** The first error, in one line. */
export function firstError(stderr: string): string {
  const lines = stderr.split("\n");
  return (lines.find((line) => line.includes("ERROR:")) ?? lines.at(-1) ?? "").replace(/^.*?ERROR:\s*/, "").trim();
}
