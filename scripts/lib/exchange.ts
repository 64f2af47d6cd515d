import { preparedTransactions } from "../../components/host/live-data";
import { heldBy } from "../../components/release/restore-guards";
import { complaint, type Database, DATABASE, identifier, literal, MAINTENANCE } from "./database";
import { Refusal } from "./run";

/** A session that ends takes a moment to be gone. */
const ATTEMPTS = 200;
const PAUSE_MS = 10;
/** One that was just about to connect may not be listed yet. PostgreSQL itself waits for five seconds before it says so. */
const AGAIN = 3;

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
  const names = [[DATABASE, replaced], [incoming, DATABASE]] as const; // prettier-ignore
  await rename(database, names, commented(replaced, comment));
}

/** Takes an exchange back: the two names change places once more. */
export async function exchangeBack(database: Database, incoming: string, replaced: string): Promise<void> {
  const names = [[DATABASE, incoming], [replaced, DATABASE]] as const; // prettier-ignore
  await rename(database, names, OWN_COMMENT);
}

/** Keeps a database under another name, with a comment that tells of it. */
export async function keepAs(
  database: Database,
  name: string,
  kept: string,
  comment: Readonly<Record<string, unknown>>,
): Promise<void> {
  await rename(database, [[name, kept]], commented(kept, comment));
}

/** What the operator has said of it stays inside. */
function commented(name: string, comment: Readonly<Record<string, unknown>>): string {
  return `SELECT format('COMMENT ON DATABASE %I IS %L', datname,
              (${literal(JSON.stringify(comment))}::jsonb || jsonb_build_object('comment', shobj_description(oid, 'pg_database')))::text)
            FROM pg_database WHERE datname = ${literal(name)} \\gexec`;
}

/** The live database, where it was a replaced one, says of itself what it said before. */
const OWN_COMMENT = `
  SELECT format('COMMENT ON DATABASE %I IS %L', datname, description::jsonb ->> 'comment')
    FROM (SELECT datname, shobj_description(oid, 'pg_database') AS description FROM pg_database) databases
   WHERE datname = ${literal(DATABASE)} AND description ~ '^\\{.*"replacedAt".*\\}$' \\gexec`;

/** A database that was brought back is no replaced one any more. */
export async function restoreComment(database: Database): Promise<void> {
  await database.query(OWN_COMMENT, MAINTENANCE);
}

/** Refuses a live database that cannot change its name. */
export async function mustBeFree({ docker, container }: Database): Promise<void> {
  const prepared = await preparedTransactions(docker, container);
  if (prepared.length > 0) throw new Refusal(`${heldBy(prepared)}; COMMIT PREPARED or ROLLBACK PREPARED ends it`);
}

/** As ours are named. Whoever may create databases may name one as he likes: a line break would make two of one. */
const OURS = "^[a-z0-9_]+$";

/** Names of all databases that are named so. */
export async function databases(database: Database): Promise<string[]> {
  return database.query(`SELECT datname FROM pg_database WHERE datname ~ '${OURS}' ORDER BY datname`, MAINTENANCE);
}

/** A name before, and after. */
type Names = readonly (readonly [string, string])[];

/** What is tried in vain lets everybody in again, and so does whoever finds one that was killed. */
async function rename(database: Database, names: Names, comment: string): Promise<void> {
  const other = names.flat().find((name) => !new RegExp(OURS).test(name));
  if (other !== undefined) throw new Refusal(`${JSON.stringify(other)} is no database of ours, and is not renamed`);
  for (let attempt = 1; ; attempt++) {
    try {
      await database.query(renaming(names, comment), MAINTENANCE);
      return;
    } catch (error) {
      await admit(database, names.flat());
      if (attempt === AGAIN || !complaint(error).includes("being accessed by other users")) throw error;
    }
  }
}

/** Lets connections in again, where a rename that did not come to its end still refuses them. */
export async function admit(database: Database, names: readonly string[]): Promise<void> {
  await database.query(
    `SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS true', datname) FROM pg_database
      WHERE datname IN (${names.map(literal).join(", ")}) AND NOT datallowconn \\gexec`,
    MAINTENANCE,
  );
}

/**
 * Refuses connections, ends those that there are, changes the names and lets connections in again, under the new names.
 * Nobody waits for the disk before the last of it: a server that loses its power has forgotten the refusal.
 */
function renaming(names: Names, comment: string): string {
  const allow = (name: string, allowed: boolean) => `ALTER DATABASE ${identifier(name)} ALLOW_CONNECTIONS ${allowed};`;
  return `
    SET synchronous_commit = off;
    ${names.map(([before]) => allow(before, false)).join("\n    ")}
    RESET synchronous_commit;
    DO $$
    BEGIN
      FOR attempt IN 1..${ATTEMPTS} LOOP
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname IN (${names.map(([before]) => literal(before)).join(", ")});
        EXIT WHEN NOT FOUND;
        PERFORM pg_sleep(${PAUSE_MS / 1000});
        PERFORM pg_stat_clear_snapshot();
      END LOOP;
    END $$;
    BEGIN;
    ${names.map(([before, after]) => `ALTER DATABASE ${identifier(before)} RENAME TO ${identifier(after)};`).join("\n    ")}
    ${names.map(([, after]) => allow(after, true)).join("\n    ")}
    ${comment}
    COMMIT;`;
}
