import { namesOf } from "./names";

/**
 * The secrets that are generated once per stack where the config gives none, with the ends of their resources' names.
 */
export const GENERATED = {
  postgresPassword: "postgres-password",
  jwtSecret: "jwt-secret",
  secretEncryptionKey: "encryption-key",
  internalCronSecret: "internal-cron-secret",
  emailWebhookSecret: "email-webhook-secret",
} as const;
export type SecretName = keyof typeof GENERATED;

/**
 * The encryption key of stacks that an older program made: the random provider uses the value of RandomBytes as the id
 * of its resource, and Pulumi does not encrypt ids in the state. Such a key keeps its value and its resource.
 */
export const KEY_IN_CLEAR = "secret-encryption-key";

/**
 * The end of the name of the key with which a stack signs its backups. The config cannot give it, and the application
 * does not get it.
 */
export const BACKUP_KEY = "backup-key";

/** The resource in the state that has a secret of a stack; undefined where the secret was never generated. */
export function generatedAs(secret: SecretName, stack: string, inState: readonly string[]): string | undefined {
  const purposes = secret === "secretEncryptionKey" ? [KEY_IN_CLEAR, GENERATED[secret]] : [GENERATED[secret]];
  return purposes.map((purpose) => `${namesOf(stack).prefix}-${purpose}`).find((name) => inState.includes(name));
}

/** The values of the secrets that are known. */
export type SecretValues = Readonly<Partial<Record<SecretName, string | undefined>>>;

/** The secrets that the application reads from its environment, with the names of the variables. */
export const VARIABLES = {
  jwtSecret: "JWT_SECRET",
  secretEncryptionKey: "SECRET_ENCRYPTION_KEY",
  internalCronSecret: "INTERNAL_CRON_SECRET",
  emailWebhookSecret: "EMAIL_WEBHOOK_SECRET",
} as const satisfies Partial<Record<SecretName, string>>;
export type ApplicationSecret = keyof typeof VARIABLES;
export const APPLICATION_SECRETS = Object.keys(VARIABLES) as ApplicationSecret[];

/** The path of each secret in the config. */
export const SECRET_PATHS: Readonly<Record<SecretName, string>> = {
  postgresPassword: "secrets.postgresPassword",
  jwtSecret: "secrets.jwtSecret",
  secretEncryptionKey: "secrets.secretEncryptionKey",
  internalCronSecret: `secretEnv.${VARIABLES.internalCronSecret}`,
  emailWebhookSecret: `secretEnv.${VARIABLES.emailWebhookSecret}`,
};

/** The part of the settings that gives secrets. */
interface GivenSecrets {
  readonly secrets: Readonly<
    Partial<Record<"postgresPassword" | "jwtSecret" | "secretEncryptionKey", string | undefined>>
  >;
  readonly secretEnv: Readonly<Record<string, string>>;
}

/** The secrets that the config gives. An empty text counts as given; the application treats it as unset. */
export function givenSecrets({ secrets, secretEnv }: GivenSecrets): SecretValues {
  return {
    ...secrets,
    internalCronSecret: secretEnv[VARIABLES.internalCronSecret],
    emailWebhookSecret: secretEnv[VARIABLES.emailWebhookSecret],
  };
}

/**
 * The secrets that the containers get: given ones, else generated ones. The update generates those that are undefined.
 */
export function secretsInForce(settings: GivenSecrets, generated: SecretValues): SecretValues {
  const given = givenSecrets(settings);
  const names = Object.keys(GENERATED) as SecretName[];
  return Object.fromEntries(names.map((name) => [name, given[name] ?? generated[name]]));
}
