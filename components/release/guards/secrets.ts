import { APPLICATION_ROLE, SUPERUSER } from "../names";
import { configRmPath, configSetSecret, up } from "../commands";
import type { GuardProblem } from "./problem";
import { APPLICATION_SECRETS, type ApplicationSecret, generatedAs, givenSecrets, SECRET_PATHS } from "../secrets";
import type { PlanContext } from "../plan-context";
import { inDatabase } from "./database";

/**
 * The password belongs to the database's role, and the config only says which one the application uses. Where only the
 * config changes, the database would reject the new containers.
 */
export function passwordRejected(context: PlanContext): GuardProblem | undefined {
  const { facts, settings, stack } = context;
  if (facts?.passwordRejected !== true) return undefined;
  const path = SECRET_PATHS.postgresPassword;
  const role = workingRole(context);
  if (settings.secrets?.postgresPassword === undefined) return passwordTakenAway(context, role);
  return {
    title: `the database rejects the password in nestfleet:${path}`,
    why: `it is not the password of the PostgreSQL role ${role}, so new api and worker containers could not connect`,
    fix: [
      `set the old password again: ${configSetSecret(stack, path)}`,
      `or, if the old password was a generated one: ${configRmPath(stack, path)}`,
      `or first set the new password in the database: ${inDatabase(context, { sql: `\\password ${role}`, asks: true })}`,
      `then ${up(stack)}`,
    ],
  };
}

/** The role that the application works as now. */
function workingRole({ facts }: PlanContext): string {
  return facts?.database?.application === undefined ? SUPERUSER : APPLICATION_ROLE;
}

function passwordTakenAway({ stack, last }: PlanContext, role: string): GuardProblem {
  const path = SECRET_PATHS.postgresPassword;
  const takesOver = generatedAs("postgresPassword", stack, last.inState ?? [])
    ? `the password that was generated for this stack would be used, and it is not the password of the PostgreSQL role ${role}`
    : "no password was ever generated for this stack: the update would generate one, which the database does not know";
  return {
    title: "the database rejects the password that the update would use",
    why: `nestfleet:${path} is not in the config; ${takesOver}`,
    fix: [`set the password that the database has: ${configSetSecret(stack, path)}`, `then ${up(stack)}`],
  };
}

/** Warns of a database without passwords: an adopted volume keeps the `pg_hba.conf` that it was made with. */
export function passwordNotAsked({ facts, settings, stack }: PlanContext): string[] {
  if (facts?.passwordNotAsked !== true) return [];
  return [
    `the database asks for no password: everything that reaches it can act as its superuser. In its pg_hba.conf, change the method of the lines "host" from trust to scram-sha-256: ` +
      `${inDatabase({ settings, stack }, { sql: "SHOW hba_file", options: "-tAc" })} names the file, and ${inDatabase({ settings, stack }, { sql: "SELECT pg_reload_conf()" })} reads it again`,
  ];
}

const EFFECTS: Readonly<Record<ApplicationSecret, string>> = {
  jwtSecret: "every session ends, users log in again",
  secretEncryptionKey: "the credentials that the application has stored cannot be read any more",
  internalCronSecret: "callers of the internal endpoints need the new one",
  emailWebhookSecret: "services that deliver mail to the webhook need the new one",
};

/** Says what another value of a secret does, and where that value comes from. */
export function secretsChanged({ facts, settings, stack, last }: PlanContext): string[] {
  const given = givenSecrets({ secrets: settings.secrets ?? {}, secretEnv: settings.secretEnv ?? {} });
  return APPLICATION_SECRETS.filter((secret) => facts?.secretsChanged?.includes(secret)).map((secret) => {
    const path = SECRET_PATHS[secret];
    const generated = generatedAs(secret, stack, last.inState ?? [])
      ? "is not set any more, and the value that was generated for this stack is used"
      : "is not set any more, and a new value is generated";
    const how = given[secret] === undefined ? generated : "differs from the value that the running release has";
    return `nestfleet:${path} ${how}: ${EFFECTS[secret]}; to set the old value again: ${configSetSecret(stack, path)}`;
  });
}
