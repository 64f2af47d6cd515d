import { sessionName } from "../../release/names";
import { printable } from "../../release/words";
import { type Database, MAINTENANCE } from "./database";
import { asksForHolder, held, type Holder, holderIn } from "./holders";
import { operator } from "../identity";
import { Refusal, sleep } from "../output";
import { Session } from "./session";

/** Milliseconds. The connection of a killed run ends a moment after the run. */
const PATIENCE_MS = 5000;
const PAUSE_MS = 200;
/** PostgreSQL cuts longer names. */
const LONGEST_NAME = 63;

/**
 * Does work of a purpose, which runs only once at a time on this server. The lock is an advisory lock of PostgreSQL,
 * and lasts as long as the script: a killed script releases it, so any database that the next script finds is a
 * leftover.
 */
export async function withAdvisoryLock<T>(database: Database, purpose: string, work: () => Promise<T>): Promise<T> {
  const prefix = `${sessionName(`${purpose}-lock`)} `;
  const guard = new Session(database, `${prefix}${operator()}`.slice(0, LONGEST_NAME), MAINTENANCE);
  try {
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await acquired(guard, purpose))) {
      if (Date.now() > deadline) throw new Refusal(await whoElse(database, guard, purpose, prefix));
      await sleep(PAUSE_MS);
    }
    return await work();
  } finally {
    await guard.close();
  }
}

async function acquired(guard: Session, purpose: string): Promise<boolean> {
  const [answer] = await guard.query(`SELECT pg_try_advisory_lock(hashtext('nestfleet'), hashtext('${purpose}'));`);
  return answer === "t";
}

async function whoElse(database: Database, guard: Session, purpose: string, prefix: string): Promise<string> {
  return occupied(database, purpose, prefix, holderIn(await guard.query(asksForHolder(purpose))));
}

/**
 * Says why the lock is not free. Any role that may connect to the server can take it, and so prevent all backups. A
 * session that is not ours is named, with the command that ends it. Our sessions use the server's own socket.
 */
export function occupied(database: Database, purpose: string, prefix: string, holder: Holder | undefined): string {
  const { application, address, since } = holder ?? {};
  const isOurs = application?.startsWith(prefix) === true && address === null;
  if (holder === undefined) return `another ${purpose} runs; wait until it is done`;
  if (isOurs)
    return `another ${purpose} runs, by ${printable(application.slice(prefix.length))} since ${since ?? ""} UTC; wait until it is done`;
  return `the lock of a ${purpose} is held by ${held(database, holder, ", which does not belong to this program")}`;
}
