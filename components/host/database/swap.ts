import { preparedTransactions } from "./live-data";
import { APPLICATION_ROLE, DATABASE, REPLACED_PREFIX, SUPERUSER } from "../../release/names";
import { heldBy } from "../../release/guards/restore";
import { complaint, type Database, identifier, literal, MAINTENANCE } from "./database";
import { Refusal } from "../output";

/** How often the swap looks whether ended sessions are gone, which takes a moment. */
const ATTEMPTS = 200;
const PAUSE_MS = 10;
/**
 * How often a rename is tried: a session that is just connecting may not be listed yet. PostgreSQL fails after five
 * seconds.
 */
const AGAIN = 3;

/**
 * Swaps two databases in one transaction: the live one gets the name `replaced`, and `incoming` becomes the live one. A
 * reader finds either both old names or both new ones. The comment of the replaced database describes it, and stays
 * with it under any name.
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
      // The comment of a restored database comes from the application, so it is not used.
      ...(incoming.startsWith(REPLACED_PREFIX) ? [OWN_RIGHTS] : []),
    ].join("\n"),
  );
}

/** Swaps the databases back. */
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

/** Writes the comment. It keeps the operator's own comment, and the properties that `setAside` removes. */
function commented(name: string, comment: Readonly<Record<string, unknown>>): string {
  return `SELECT format('COMMENT ON DATABASE %I IS %L', datname,
              (${literal(JSON.stringify(comment))}::jsonb || jsonb_build_object(
                'comment', shobj_description(oid, 'pg_database'), 'owner', pg_get_userbyid(datdba), 'connectionLimit', datconnlimit))::text)
            FROM pg_database WHERE datname = ${literal(name)} \\gexec`;
}

/** Sets a replaced database aside for an undo: the application can neither change nor drop it. */
function setAside(name: string): string {
  return `ALTER DATABASE ${identifier(name)} OWNER TO ${SUPERUSER}; ALTER DATABASE ${identifier(name)} CONNECTION LIMIT 0;`;
}

/** Runs statements for the live database where it was a replaced one. Its owner may write any text as a comment. */
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

/** Gives the database its former comment. */
const OWN_COMMENT = whereReplaced(`EXECUTE format('COMMENT ON DATABASE %I IS %L', '${DATABASE}', said ->> 'comment');`);

/** Gives the database its former owner, or the application as owner, and its former connection limit. */
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

/** Removes the comment of a replaced database, once the database is live again. */
export async function restoreComment(database: Database): Promise<void> {
  await database.query(OWN_COMMENT, MAINTENANCE);
}

/** Refuses a live database that cannot change its name. */
export async function mustBeFree({ docker, container }: Database): Promise<void> {
  const prepared = await preparedTransactions(docker, container);
  if (prepared.length > 0) throw new Refusal(`${heldBy(prepared)}; COMMIT PREPARED or ROLLBACK PREPARED ends it`);
}

/** The form of our names. A role that may create databases may use any name, also one with a line break. */
const OURS = "^[a-z0-9_]+$";

/** Names the databases whose names have this form. */
export async function databases(database: Database): Promise<string[]> {
  return database.query(`SELECT datname FROM pg_database WHERE datname ~ '${OURS}' ORDER BY datname`, MAINTENANCE);
}

/** The old and the new name of each database. */
type Names = readonly (readonly [string, string])[];

/** Renames databases. After a failure, it allows connections again; after a kill, the next run does. */
async function rename(database: Database, names: Names, comment: string): Promise<void> {
  const other = names.flat().find((name) => !new RegExp(OURS).test(name));
  if (other !== undefined)
    throw new Refusal(`${JSON.stringify(other)} is not a database of this program, so it is not renamed`);
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

/** Allows connections again where an unfinished rename still refuses them. */
export async function admit(database: Database, names: readonly string[]): Promise<void> {
  await database.query(
    `SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS true', datname) FROM pg_database
      WHERE datname IN (${names.map(literal).join(", ")}) AND NOT datallowconn \\gexec`,
    MAINTENANCE,
  );
}

/**
 * Refuses new connections, ends the existing ones, changes the names, and allows connections again under the new names.
 * Only the last step waits for the disk: after a power failure, the server has forgotten that it refused connections.
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
