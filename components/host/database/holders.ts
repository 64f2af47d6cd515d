import { z } from "zod";
import { psql } from "./psql";
import { psql as command } from "../../release/commands";
import { parseJson } from "../../release/records/json";
import { duration } from "../../release/units";
import { oneLine, printable } from "../../release/words";
import { type Database, lines, MAINTENANCE } from "./database";

/**
 * A session as the server describes it. The session itself sets its texts. Its query is left out: it may have secrets.
 */
const holder = z.object({
  /** Null for a prepared transaction, which has no session any more. */
  pid: z.int().nullable(),
  application: z.string().nullable(),
  user: z.string().nullable(),
  /** Null for a session over the server's own socket, as ours are. */
  address: z.string().nullable(),
  /** UTC */
  since: z.string().nullable(),
});
export type Holder = z.infer<typeof holder>;

const table = holder.extend({
  table: z.string(),
  /** False while the session itself waits for the lock: other sessions wait behind it. */
  granted: z.boolean(),
  state: z.string().nullable(),
  /** Seconds since its transaction began. */
  seconds: z.number().nullable(),
});

const OF_SESSION = `
  'pid', l.pid, 'application', a.application_name, 'user', a.usename, 'address', host(a.client_addr),
  'since', to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')`;
const LOCKS = "pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid";
const HERE = "l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/** Gives the statement that finds the holder of the lock of a purpose, for a session in the same database. */
export function asksForHolder(purpose: string): string {
  return `
    SELECT json_build_object(${OF_SESSION}) FROM ${LOCKS}
     WHERE l.locktype = 'advisory' AND ${HERE} AND l.granted AND l.objsubid = 2
       AND l.classid = hashtext('nestfleet')::oid AND l.objid = hashtext('${purpose}')::oid
     ORDER BY a.backend_start LIMIT 1;`;
}

/** Reads the holder; undefined where the lock was released meanwhile. */
export function holderIn([answer = ""]: readonly string[]): Holder | undefined {
  return holder.safeParse(parseJson(answer)).data;
}

/** The number of tables that are named: a session that locks all tables need not be named with each. */
const NAMED = 3;

/** Sessions with a lock on a table, by a condition. */
const tables = (which: string, order: string) => `
  SELECT json_build_object(${OF_SESSION}, 'table', n.nspname || '.' || c.relname, 'granted', l.granted,
      'state', a.state, 'seconds', extract(epoch FROM clock_timestamp() - a.xact_start))
    FROM ${LOCKS} JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE l.locktype = 'relation' AND ${HERE} AND l.pid IS DISTINCT FROM pg_backend_pid() AND ${which}
   ORDER BY ${order}, n.nspname, c.relname LIMIT ${NAMED};`;

function tablesIn(answers: readonly string[]): z.infer<typeof table>[] {
  return answers.flatMap((answer) => table.safeParse(parseJson(answer)).data ?? []);
}

/** The locks that block reading. A dump or a count waits for no other lock. */
const LOCKED = tables(
  "l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'p', 'm', 'f', 'S')",
  "l.granted DESC, a.xact_start",
);

/** Says which session blocks reads of which table; nothing where no session does. */
export async function lockedTables(database: Database): Promise<string[]> {
  const found = tablesIn(lines(await psql(database.docker, database.container, LOCKED)));
  return found.map((one) => tableHeld(database, one, one.granted ? "is locked by" : "is about to be locked by"));
}

/** A session that only reads a table already blocks a change of its owner. The longest transaction comes first. */
const IN_USE = tables(
  `l.granted AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`,
  "a.xact_start NULLS FIRST",
);

/** Says which session uses which table of a database. */
export async function tablesInUse(database: Database, name: string): Promise<string[]> {
  return tablesIn(await database.query(IN_USE, name)).map((found) => tableHeld(database, found, "is in use by"));
}

function tableHeld(database: Database, found: z.infer<typeof table>, by: string): string {
  const { state, seconds } = found;
  const doing = state === null ? "" : `, ${words(state)}${seconds === null ? "" : ` for ${duration(seconds)}`}`;
  return `${words(found.table)} ${by} ${held(database, found, doing)}`;
}

/**
 * Describes the holder of a lock in the database for an operator, with `more` about it, and the command that ends the
 * session. Texts that the session itself sets are in quotes. A prepared transaction has no session to end.
 */
export function held({ docker, container }: Database, { pid, ...session }: Holder, more: string): string {
  if (pid === null) return `a prepared transaction (see pg_prepared_xacts)${more}`;
  const { application, user, address, since } = session;
  const from = address === null ? "over the server's own socket" : `from ${words(address)}`;
  const sql = `SELECT pg_terminate_backend(${pid})`;
  const end = command({ host: docker.host, container, database: MAINTENANCE, sql });
  return (
    `session ${pid} (${quoted(application)}, user ${quoted(user)}, ${from}, since ${words(since ?? "")} UTC)${more}; ` +
    `find out what it is; \`${end}\` ends it`
  );
}

function words(text: string): string {
  return printable(oneLine(text));
}

function quoted(text: string | null): string {
  return JSON.stringify(words(text ?? ""));
}
