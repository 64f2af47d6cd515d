import { preparedTransactions } from "./live-data";
import { APPLICATION_ROLE, DATABASE, REPLACED_PREFIX, SUPERUSER } from "../../release/names";
import { heldBy } from "../../release/guards/restore";
import { complaint, type Database, identifier, literal, MAINTENANCE } from "./database";
import { Refusal } from "../output";

/** A session that ends takes a moment to be gone. */
const ATTEMPTS = 200;
const PAUSE_MS = 10;
/** One that was just about to connect may not be listed yet. PostgreSQL itself waits for five seconds before it says so. */
const AGAIN = 3;

/**
 * Swaps two databases in one transaction: the live one gets the name `replaced`, and `incoming` becomes the live one. A
 * reader finds both as before, or both as after. The comment of the replaced one says what it is; it goes where the
 * database goes.
 */
export async function swapDatabases(
  database: Database,
  incoming: string,
  replaced: string,
  comment: Readonly<Record<string, unknown>>,
): Promise<void> {
  const names = [[DATABASE, replaced], [incoming, DATABASE]] as const; // prettier-ignore
  await rename(
    database,
    names,
    [
      commented(replaced, comment),
      setAside(replaced),
      // What a backup says of itself is the application's word.
      ...(incoming.startsWith(REPLACED_PREFIX) ? [OWN_RIGHTS] : []),
    ].join("\n"),
  );
}

/** Swaps them back: the two names change places once more. */
export async function swapBack(database: Database, incoming: string, replaced: string): Promise<void> {
  const names = [[DATABASE, incoming], [replaced, DATABASE]] as const; // prettier-ignore
  const aside = incoming.startsWith(REPLACED_PREFIX) ? [setAside(incoming)] : [];
  await rename(database, names, [...aside, OWN_RIGHTS, OWN_COMMENT].join("\n"));
}

/** Keeps a database as a replaced one, with a comment that says what it is. */
export async function keepReplaced(
  database: Database,
  name: string,
  replaced: string,
  comment: Readonly<Record<string, unknown>>,
): Promise<void> {
  await rename(database, [[name, replaced]], [commented(replaced, comment), setAside(replaced)].join("\n"));
}

/** What the operator has said of it stays inside, and so does what `setAside` takes away. */
function commented(name: string, comment: Readonly<Record<string, unknown>>): string {
  return `SELECT format('COMMENT ON DATABASE %I IS %L', datname,
              (${literal(JSON.stringify(comment))}::jsonb || jsonb_build_object(
                'comment', shobj_description(oid, 'pg_database'), 'owner', pg_get_userbyid(datdba), 'connectionLimit', datconnlimit))::text)
            FROM pg_database WHERE datname = ${literal(name)} \\gexec`;
}

/** A replaced database is for undoing: a session that works as the application can neither change it nor drop it. */
function setAside(name: string): string {
  return `ALTER DATABASE ${identifier(name)} OWNER TO ${SUPERUSER}; ALTER DATABASE ${identifier(name)} CONNECTION LIMIT 0;`;
}

/** Of the live database, where it was a replaced one. Its owner may say of it what he likes, as a comment. */
function whereReplaced(statements: string): string {
  return `
  DO $$
  DECLARE said jsonb;
  BEGIN
    SELECT shobj_description(oid, 'pg_database')::jsonb INTO said FROM pg_database WHERE datname = ${literal(DATABASE)};
    IF jsonb_typeof(said) = 'object' AND said ? 'replacedAt' THEN
      ${statements}
    END IF;
  EXCEPTION WHEN data_exception THEN NULL;
  END $$;`;
}

/** It says of itself what it said before. */
const OWN_COMMENT = whereReplaced(`EXECUTE format('COMMENT ON DATABASE %I IS %L', '${DATABASE}', said ->> 'comment');`);

/** It is whose it was before, or the application's, and takes as many connections. */
const OWN_RIGHTS = whereReplaced(`
      IF said ? 'connectionLimit' THEN
        EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT %s', '${DATABASE}', (said ->> 'connectionLimit')::int);
      END IF;
      IF (SELECT rolsuper FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = '${DATABASE}') THEN
        EXECUTE (
          SELECT format('ALTER DATABASE %I OWNER TO %I', '${DATABASE}', rolname) FROM pg_roles
           WHERE rolname IN ('${SUPERUSER}', '${APPLICATION_ROLE}') OR (rolname = said ->> 'owner' AND NOT rolsuper)
           ORDER BY rolname = '${SUPERUSER}', rolname = '${APPLICATION_ROLE}' LIMIT 1);
      END IF;`);

/** A database that was brought back is no replaced one any more. */
export async function restoreComment(database: Database): Promise<void> {
  await database.query(OWN_COMMENT, MAINTENANCE);
}

/** Refuses a live database that cannot change its name. */
export async function mustBeFree({ docker, container }: Database): Promise<void> {
  const prepared = await preparedTransactions(docker, container);
  if (prepared.length > 0) throw new Refusal(`${heldBy(prepared)}; COMMIT PREPARED or ROLLBACK PREPARED ends it`);
}

/** How ours are named. A role that may create databases may use any name: a line break would make two of one. */
const OURS = "^[a-z0-9_]+$";

/** Names of all databases that are named so. */
export async function databases(database: Database): Promise<string[]> {
  return database.query(`SELECT datname FROM pg_database WHERE datname ~ '${OURS}' ORDER BY datname`, MAINTENANCE);
}

/** A name before, and after. */
type Names = readonly (readonly [string, string])[];

/** A rename that fails lets connections in again, and so does the run that comes after a killed one. */
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
 * Only the last of it waits for the disk: a server that loses its power has forgotten the refusal.
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
