import { complaint, type Database, DATABASE, MAINTENANCE } from "./database";
import { sleep } from "./run";

/** A session that ends takes a moment to be gone, and somebody may connect in between. */
const ATTEMPTS = 20;
const PAUSE_MS = 100;

/**
 * The live database steps aside under the name `replaced`, and `incoming` becomes the live one, in one transaction:
 * whoever looks finds both as before, or both as after. The comment, which travels with it, tells what was replaced.
 */
export async function exchange(
  database: Database,
  incoming: string,
  replaced: string,
  comment: Readonly<Record<string, unknown>>,
): Promise<void> {
  await rename(
    database,
    [DATABASE, incoming],
    [
      `ALTER DATABASE ${DATABASE} RENAME TO ${replaced}`,
      `ALTER DATABASE ${incoming} RENAME TO ${DATABASE}`,
      commented(replaced, comment),
    ],
  );
}

/** Takes an exchange back: the two names change places once more. */
export async function exchangeBack(database: Database, incoming: string, replaced: string): Promise<void> {
  await rename(
    database,
    [DATABASE, replaced],
    [`ALTER DATABASE ${DATABASE} RENAME TO ${incoming}`, `ALTER DATABASE ${replaced} RENAME TO ${DATABASE}`],
  );
}

/** Keeps a database under another name, with a comment that tells of it. */
export async function keepAs(
  database: Database,
  name: string,
  kept: string,
  comment: Readonly<Record<string, unknown>>,
): Promise<void> {
  await rename(database, [name], [`ALTER DATABASE ${name} RENAME TO ${kept}`, commented(kept, comment)]);
}

function commented(name: string, comment: Readonly<Record<string, unknown>>): string {
  return `COMMENT ON DATABASE ${name} IS '${JSON.stringify(comment).replaceAll("'", "''")}'`;
}

/** Names of all databases. */
export async function databases(database: Database): Promise<string[]> {
  return database.query("SELECT datname FROM pg_database ORDER BY datname", MAINTENANCE);
}

async function rename(database: Database, names: readonly string[], statements: readonly string[]): Promise<void> {
  const list = names.map((name) => `'${name}'`).join(", ");
  const end = `SELECT FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN (${list})) ended`;
  const sql = `${end};\nBEGIN;\n${statements.join(";\n")};\nCOMMIT;`;
  for (let attempt = 1; ; attempt++) {
    try {
      await database.query(sql, MAINTENANCE);
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !complaint(error).includes("being accessed by other users")) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
