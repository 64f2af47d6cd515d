import { hostname, userInfo } from "node:os";
import { type Database, MAINTENANCE } from "./database";
import { Refusal, sleep } from "./run";
import { Session } from "./session";

/** The connection of a killed run is gone a moment after it. */
const PATIENCE_MS = 5000;
const PAUSE_MS = 200;
/** PostgreSQL cuts longer names. */
const LONGEST_NAME = 63;

/**
 * Does the work while nobody else does the same on this server. The lock is the database's own and lives as long as
 * the script does: killed in any way, the script lets go of it, and whatever the next one finds is a leftover.
 */
export async function exclusively<T>(database: Database, purpose: string, work: () => Promise<T>): Promise<T> {
  const prefix = `nestfleet-${purpose}-lock `;
  const guard = new Session(database, `${prefix}${operator()}`.slice(0, LONGEST_NAME), MAINTENANCE);
  try {
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await acquired(guard, purpose))) {
      if (Date.now() > deadline) throw new Refusal(await whoElse(guard, purpose, prefix));
      await sleep(PAUSE_MS);
    }
    return await work();
  } finally {
    await guard.close();
  }
}

/** Who sits at this machine. */
export function operator(): string {
  return `${userInfo().username}@${hostname()}`;
}

async function acquired(guard: Session, purpose: string): Promise<boolean> {
  const [answer] = await guard.query(`SELECT pg_try_advisory_lock(hashtext('nestfleet'), hashtext('${purpose}'));`);
  return answer === "t";
}

async function whoElse(guard: Session, purpose: string, prefix: string): Promise<string> {
  const [holder] = await guard.query(
    `SELECT substr(application_name, ${prefix.length + 1}) || ' since ' || to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
       FROM pg_stat_activity WHERE starts_with(application_name, '${prefix}') AND pid <> pg_backend_pid()
       ORDER BY backend_start LIMIT 1;`,
  );
  return `another ${purpose} runs, by ${holder ?? "somebody"}; wait until it is done`;
}
