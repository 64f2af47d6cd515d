import { APPLICATION_COMMENT, APPLICATION_ROLE, SUPERUSER } from "../../release/names";
import type { Definition, RoleDefinition } from "../../release/records/definition";
import { type Database, identifier, literal, MAINTENANCE } from "./database";
import { definitionOf } from "./definition";
import { creationOf, membershipsOf, settingsOf } from "./roles";
import { Refusal, say } from "../output";
import { conceal } from "../docker/redaction";

/** True when the server has the application's own role. Before, the application works as the superuser. */
export async function hasApplicationRole(database: Database): Promise<boolean> {
  const [found] = await database.query(`SELECT true FROM pg_roles WHERE rolname = '${APPLICATION_ROLE}'`, MAINTENANCE);
  return found === "t";
}

/**
 * Creates the application's role, where it is missing, from the superuser that the application has used until now, with
 * its limits, settings and memberships, but without its powers. The new role may not connect to the databases that
 * every server has; the other roles still can. Its password is the one in the container. Running containers are not
 * affected.
 */
export async function createApplicationRole(database: Database): Promise<void> {
  if (!(await hasApplicationRole(database))) {
    const { roles } = await definitionOf(database);
    const own = roles.find(({ name }) => name === SUPERUSER);
    if (own === undefined) throw new Refusal(`the server has no role ${SUPERUSER}`);
    const statements = [...creation(own, roles), ""].join(";\n");
    await database
      .query(`BEGIN;\n${statements}${CONNECT_ELSEWHERE}\nCOMMIT;`, MAINTENANCE)
      .catch(async (error: unknown) => {
        // The answer was perhaps lost, and the statements sent again.
        if (!(await hasApplicationRole(database))) throw error;
      });
    say(`the application now has its own role, ${APPLICATION_ROLE}, which is not a superuser`);
  }
  await database.query(`ALTER ROLE ${APPLICATION_ROLE} LOGIN`, MAINTENANCE);
  await setPassword(database);
}

/** The predefined roles that give access to the server's files and programs. */
export const BEYOND = ["pg_execute_server_program", "pg_write_server_files", "pg_read_server_files"];

function creation(own: RoleDefinition, roles: Definition["roles"]): string[] {
  const worksAs = own.settings.filter(({ name }) => name === "role").map(({ value }) => value);
  const known = [
    ...roles.filter(({ superuser }) => !superuser).map(({ name }) => name),
    ...own.memberOf.map(({ role }) => role).filter((role) => role.startsWith("pg_") && !BEYOND.includes(role)),
  ];
  const role: RoleDefinition = {
    ...own,
    name: APPLICATION_ROLE,
    superuser: false,
    createRole: false,
    createDatabase: false,
    replication: false,
    bypassRowSecurity: false,
    comment: APPLICATION_COMMENT,
  };
  return [
    creationOf(role, false),
    `COMMENT ON ROLE ${APPLICATION_ROLE} IS ${literal(APPLICATION_COMMENT)}`,
    ...membershipsOf(role, known),
    ...worksAs.filter((name) => known.includes(name)).map((name) => `GRANT ${identifier(name)} TO ${APPLICATION_ROLE}`),
    ...settingsOf(role),
  ];
}

/**
 * Replaces the right of every role to connect to the databases that each server has, unless an operator has changed it.
 */
const CONNECT_ELSEWHERE = `
  SELECT statement FROM (
    SELECT 0 AS turn, format('GRANT CONNECT ON DATABASE %I TO %I', d.datname, r.rolname) AS statement, d.oid
      FROM pg_database d, pg_roles r
     WHERE NOT r.rolsuper AND r.rolname !~ '^pg_' AND r.rolname <> '${APPLICATION_ROLE}'
    UNION ALL SELECT 1, format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', datname), oid FROM pg_database
  ) statements JOIN pg_database USING (oid)
   WHERE datname IN ('${MAINTENANCE}', 'template1') AND has_database_privilege('public', oid, 'CONNECT')
   ORDER BY turn \\gexec`;

/** Reads the password of the database from the environment of its container. */
export async function passwordIn(database: Database): Promise<string> {
  const password = await database.shell('printf %s "${POSTGRES_PASSWORD:-}"');
  if (password === "") throw new Refusal(`${database.container} has no POSTGRES_PASSWORD in its environment`);
  conceal({ POSTGRES_PASSWORD: password });
  return password;
}

/** Sets the password. psql sends only its hash, so the password is not in a log of the server. */
async function setPassword(database: Database): Promise<void> {
  const password = await passwordIn(database);
  await database.query(`\\password ${APPLICATION_ROLE}\n${password}\n${password}\n`, MAINTENANCE);
}

/** Removes the superuser's password, once no container of the stack logs in with it over the network any more. */
export async function retireSuperuser(database: Database): Promise<void> {
  const [retired] = await database.query(
    `SELECT true FROM pg_authid WHERE rolname = '${SUPERUSER}' AND rolpassword IS NOT NULL
        AND EXISTS (SELECT FROM pg_authid WHERE rolname = '${APPLICATION_ROLE}' AND rolpassword IS NOT NULL);`,
    MAINTENANCE,
  );
  if (retired === undefined) return;
  await database.query(`ALTER ROLE ${SUPERUSER} PASSWORD NULL`, MAINTENANCE);
  say(
    `the role ${SUPERUSER} has no password any more: it is the server's superuser, and can log in only over the server's own socket`,
  );
}
