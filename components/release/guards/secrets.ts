import { APPLICATION_ROLE, SUPERUSER } from "../names";
import { configRmPath, configSetSecret, up } from "../commands";
import type { GuardProblem } from "./problem";
import { APPLICATION_SECRETS, type ApplicationSecret, generatedAs, givenSecrets, SECRET_PATHS } from "../secrets";
import type { PlanContext } from "../plan-context";
import { inDatabase } from "./database";

/**
 * The password is a setting of the database's role, and the config only says what the application takes it for: changed
 * there alone, the new containers would be locked out.
 */
export function passwordRejected(context: PlanContext): GuardProblem | undefined {
  const { facts, settings, stack } = context;
  if (facts?.passwordRejected !== true) return undefined;
  const path = SECRET_PATHS.postgresPassword;
  const role = workingRole(context);
  if (settings.secrets?.postgresPassword === undefined) return passwordTakenAway(context, role);
  return {
    title: "the database does not take the password of the config",
    why: `nestfleet:${path} is not the password of the role ${role}; api and worker could not connect`,
    fix: [
      `put the old one back: ${configSetSecret(stack, path)}`,
      `when it was generated before: ${configRmPath(stack, path)}`,
      `or set the new one in the database first: ${inDatabase(context, { sql: `\\password ${role}`, asks: true })}`,
      `then ${up(stack)}`,
    ],
  };
}

/** As which the application works now. */
function workingRole({ facts }: PlanContext): string {
  return facts?.database?.application === undefined ? SUPERUSER : APPLICATION_ROLE;
}

function passwordTakenAway({ stack, last }: PlanContext, role: string): GuardProblem {
  const path = SECRET_PATHS.postgresPassword;
  const takesOver = generatedAs("postgresPassword", stack, last.inState ?? [])
    ? `the one that was generated for this stack takes over, and is not the password of the role ${role}`
    : "none was ever generated for this stack: a new one would be, which the database does not know";
  return {
    title: "the database does not take the password that the update would use",
    why: `nestfleet:${path} is not in the config; ${takesOver}`,
    fix: [`give the database's own: ${configSetSecret(stack, path)}`, `then ${up(stack)}`],
  };
}

/** An adopted volume has the `pg_hba.conf` that it was made with. */
export function passwordNotAsked({ facts, settings, stack }: PlanContext): string[] {
  if (facts?.passwordNotAsked !== true) return [];
  return [
    `the database asks nobody for a password: what reaches it is its superuser. In its pg_hba.conf, the method of the lines host is scram-sha-256 instead of trust: ` +
      `${inDatabase({ settings, stack }, { sql: "SHOW hba_file", options: "-tAc" })} names the file, and ${inDatabase({ settings, stack }, { sql: "SELECT pg_reload_conf()" })} has it read`,
  ];
}

const EFFECTS: Readonly<Record<ApplicationSecret, string>> = {
  jwtSecret: "every session ends, users log in again",
  secretEncryptionKey: "the credentials that the application has stored cannot be read any more",
  internalCronSecret: "who calls the internal endpoints needs the new one",
  emailWebhookSecret: "who delivers mail to the webhook needs the new one",
};

/** What another value of a secret does, and where it comes from. */
export function secretsChanged({ facts, settings, stack, last }: PlanContext): string[] {
  const given = givenSecrets({ secrets: settings.secrets ?? {}, secretEnv: settings.secretEnv ?? {} });
  return APPLICATION_SECRETS.filter((secret) => facts?.secretsChanged?.includes(secret)).map((secret) => {
    const path = SECRET_PATHS[secret];
    const generated = generatedAs(secret, stack, last.inState ?? [])
      ? "is not given any more, and the value that was generated for this stack takes over"
      : "is not given any more, and a new value is generated";
    const how = given[secret] === undefined ? generated : "is another one than the release that serves has";
    return `nestfleet:${path} ${how}: ${EFFECTS[secret]}; to put the old one back: ${configSetSecret(stack, path)}`;
  });
}
