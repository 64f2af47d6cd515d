import { APPLICATION_COMMENT, APPLICATION_ROLE } from "../../components/host/psql";
import type { Definition, RoleDefinition } from "../../components/release/definition";
import { type Database, identifier, literal, MAINTENANCE, ROLE } from "./database";
import { definitionOf } from "./definition";
import { creationOf, membershipsOf, settingsOf } from "./roles";
import { Refusal, say } from "./run";
import { conceal } from "./secrecy";

/** Whether the server has the application's own role: before, the application works as the superuser. */
export async function hasApplicationRole(database: Database): Promise<boolean> {
  const [found] = await database.query(`SELECT true FROM pg_roles WHERE rolname = '${APPLICATION_ROLE}'`, MAINTENANCE);
  return found === "t";
}

/**
 * Makes the application's role, where it is missing, as the superuser is that the application was until now: its limits,
 * settings and memberships, but none of its powers. It may connect to its own database alone: whoever else could connect
 * to the others still can. Its password is the container's. Nothing that runs notices.
 */
export async function createApplicationRole(database: Database): Promise<void> {
  if (!(await hasApplicationRole(database))) {
    const { roles } = await definitionOf(database);
    const own = roles.find(({ name }) => name === ROLE);
    if (own?.superuser !== true)
      throw new Refusal(
        `the role ${ROLE} is no superuser of the server, so no role can be made for the application; a superuser makes it one: ALTER ROLE ${ROLE} SUPERUSER`,
      );
    await database.query(`BEGIN;\n${(await creation(database, own, roles)).join(";\n")};\nCOMMIT;`, MAINTENANCE);
    await database.query(CONNECT_ELSEWHERE, MAINTENANCE);
    say(`the application has a role of its own now, ${APPLICATION_ROLE}, which is no superuser`);
  }
  await database.query(`ALTER ROLE ${APPLICATION_ROLE} LOGIN`, MAINTENANCE);
  await setPassword(database);
}

async function creation(database: Database, own: RoleDefinition, roles: Definition["roles"]): Promise<string[]> {
  const superusers = roles.filter(({ superuser }) => superuser).map(({ name }) => name);
  const worksAs = own.settings.filter(({ name }) => name === "role").map(({ value }) => value);
  const known = roles.map(({ name }) => name).filter((name) => !superusers.includes(name));
  const [forced] = await database.query("SELECT count(*) > 0 FROM pg_class WHERE relforcerowsecurity");
  const role: RoleDefinition = {
    ...own,
    name: APPLICATION_ROLE,
    superuser: false,
    createRole: false,
    createDatabase: false,
    replication: false,
    // A superuser is bound by no policy, and the owner of a table by none but one that is forced.
    bypassRowSecurity: forced === "t",
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

/** Every role may connect to the databases that each server has, where nobody has changed that. */
const CONNECT_ELSEWHERE = `
  SELECT format('GRANT CONNECT ON DATABASE %I TO %I', d.datname, r.rolname)
    FROM pg_database d, pg_roles r
   WHERE d.datname IN ('${MAINTENANCE}', 'template1') AND has_database_privilege('public', d.oid, 'CONNECT')
     AND NOT r.rolsuper AND r.rolname !~ '^pg_' AND r.rolname <> '${APPLICATION_ROLE}' \\gexec
  REVOKE CONNECT ON DATABASE ${MAINTENANCE}, template1 FROM PUBLIC;`;

/** psql makes of it what the server keeps: the password itself is in no log of the server's. */
async function setPassword(database: Database): Promise<void> {
  const password = await database.shell('printf %s "${POSTGRES_PASSWORD:-}"');
  if (password === "") throw new Refusal(`${database.container} has no POSTGRES_PASSWORD in its environment`);
  conceal({ POSTGRES_PASSWORD: password });
  await database.query(`\\password ${APPLICATION_ROLE}\n${password}\n${password}\n`, MAINTENANCE);
}

/** Once nothing of the stack works as the superuser any more: nobody logs in as it over the network. */
export async function retireSuperuser(database: Database): Promise<void> {
  const [retired] = await database.query(
    `SELECT true FROM pg_authid WHERE rolname = '${ROLE}' AND rolpassword IS NOT NULL
        AND EXISTS (SELECT FROM pg_authid WHERE rolname = '${APPLICATION_ROLE}' AND rolpassword IS NOT NULL);`,
    MAINTENANCE,
  );
  if (retired === undefined) return;
  await database.query(`ALTER ROLE ${ROLE} PASSWORD NULL`, MAINTENANCE);
  say(`the role ${ROLE} has no password any more: it is the server's superuser, for its own socket alone`);
}
