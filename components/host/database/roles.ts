import { APPLICATION_ROLE, SUPERUSER } from "../../release/names";
import { type RoleDefinition, settingValues } from "../../release/records/definition";
import { type Database, identifier, literal, MAINTENANCE } from "./database";
import { definitionOf } from "./definition";
import { say } from "../output";

/**
 * Creates the roles that a backup has and the server lacks, without their passwords, which a backup does not contain.
 * On the live server they may log in as before once they have a password; on a temporary server no role logs in.
 */
export async function createMissingRoles(
  database: Database,
  roles: readonly RoleDefinition[],
  scratch: boolean,
): Promise<void> {
  const present = await database.query("SELECT rolname FROM pg_roles", MAINTENANCE);
  const missing = roles.filter(({ name }) => !present.includes(name));
  const known = [...present, ...missing.map(({ name }) => name)];
  // On a temporary server, the superuser also lacks its settings.
  const bare = scratch ? [...missing, ...roles.filter(({ name }) => name === SUPERUSER)] : missing;
  const statements = [
    ...missing.map((role) => creationOf(role, scratch)),
    ...bare.flatMap((role) => membershipsOf(role, known)),
    ...bare.flatMap(settingsOf),
    ...missing.map(
      ({ name, comment }) => `COMMENT ON ROLE ${identifier(name)} IS ${comment === null ? "NULL" : literal(comment)}`,
    ),
  ];
  if (statements.length > 0) await database.query(`BEGIN;\n${statements.join(";\n")};\nCOMMIT;`, MAINTENANCE);
  if (scratch) return;
  tell(missing);
  tellDifferent(asHere(roles), (await definitionOf(database)).roles);
}

/**
 * In a backup from before the application had its own role, the settings of the superuser were meant for the
 * application.
 */
function asHere(roles: readonly RoleDefinition[]): RoleDefinition[] {
  if (roles.some(({ name }) => name === APPLICATION_ROLE)) return [...roles];
  return roles.map((role) => (role.name === SUPERUSER ? { ...role, name: APPLICATION_ROLE } : role));
}

/**
 * Reports other settings of existing roles, and does not change them: the operator set them, but the old data may need
 * the former ones.
 */
function tellDifferent(roles: readonly RoleDefinition[], here: readonly RoleDefinition[]): void {
  for (const { name, settings } of roles) {
    const now = here.find((role) => role.name === name)?.settings.map((setting) => JSON.stringify(setting)) ?? [];
    const other = settings.filter((setting) => !now.includes(JSON.stringify(setting)));
    const statements = settingsOf({ name, settings: other });
    if (statements.length > 0)
      say(`the role ${name} had other settings when the backup was taken: ${statements.join("; ")}`);
  }
}

function tell(missing: readonly RoleDefinition[]): void {
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(", ");
  say(`the server had no role ${names}: made as the backup describes, without a password`);
  for (const { name } of missing.filter(({ login }) => login))
    say(`  to let it log in: psql's \\password ${identifier(name)}`);
}

export function creationOf(role: RoleDefinition, scratch: boolean): string {
  const option = (is: boolean, word: string) => (is ? word : `NO${word}`);
  const { name, superuser, inherit, createRole, createDatabase, login, replication, bypassRowSecurity } = role;
  return [
    `CREATE ROLE ${identifier(name)}`,
    option(superuser, "SUPERUSER"),
    option(inherit, "INHERIT"),
    option(createRole, "CREATEROLE"),
    option(createDatabase, "CREATEDB"),
    option(login && !scratch, "LOGIN"),
    option(replication, "REPLICATION"),
    option(bypassRowSecurity, "BYPASSRLS"),
    `CONNECTION LIMIT ${role.connectionLimit}`,
    ...(role.validUntil === null ? [] : [`VALID UNTIL ${literal(role.validUntil)}`]),
  ].join(" ");
}

/**
 * Gives the memberships of a role, without those in roles that this server does not know, such as new predefined ones.
 */
export function membershipsOf({ name, memberOf }: RoleDefinition, known: readonly string[]): string[] {
  return memberOf
    .filter(({ role }) => known.includes(role))
    .map(({ role, admin, inherit, set }) => {
      const options = [
        ...(inherit === null ? [] : [`INHERIT ${inherit}`]),
        ...(set === null ? [] : [`SET ${set}`]),
        ...(inherit === null && set === null ? (admin ? ["ADMIN OPTION"] : []) : [`ADMIN ${admin}`]),
      ];
      const how = options.length === 0 ? "" : ` WITH ${options.join(", ")}`;
      return `GRANT ${identifier(role)} TO ${identifier(name)}${how}`;
    });
}

export function settingsOf({ name, settings }: Pick<RoleDefinition, "name" | "settings">): string[] {
  return settings.map(
    (setting) =>
      `ALTER ROLE ${identifier(name)} SET ${identifier(setting.name)} TO ${settingValues(setting).map(literal).join(", ")}`,
  );
}
