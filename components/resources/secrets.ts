import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Site } from "./site";
import { BACKUP_KEY, GENERATED, generatedAs, givenSecrets, KEY_IN_CLEAR, type SecretName } from "../release/secrets";

/** What the application cannot do without, two that guard its internal and its mail endpoint, and one of the stack's own. */
export interface Secrets {
  readonly postgresPassword: pulumi.Output<string>;
  readonly jwtSecret: pulumi.Output<string>;
  /** Losing it loses every credential that the application stores. */
  readonly secretEncryptionKey: pulumi.Output<string>;
  /** Without it everything on the network may call the application's internal endpoints. */
  readonly internalCronSecret: pulumi.Output<string>;
  readonly emailWebhookSecret: pulumi.Output<string>;
  /** With which the stack signs its backups; the application has no part in it. */
  readonly backupKey: pulumi.Output<string>;
}

/**
 * Adopts the secrets given in config and generates the others, once: a new value would lock the application out of its
 * database, or make stored credentials unreadable. Hence protected, and deaf to changes of length and alphabet, which
 * would replace them. One that was generated stays declared when the config gives another: protected, it could not
 * leave the program, and it is what takes over when the config gives none any more.
 */
export function createSecrets(site: Site): Secrets {
  const { name, stack, plan, settings } = site;
  const secret = (purpose: SecretName, generate: (site: Site, name: string) => pulumi.Output<string>) => {
    const given = givenSecrets(settings)[purpose];
    const made = generatedAs(purpose, stack, plan.inState);
    if (given === undefined) return generate(site, made ?? `${name}-${GENERATED[purpose]}`);
    if (made !== undefined) generate(site, made);
    return pulumi.secret(given);
  };
  return {
    postgresPassword: secret("postgresPassword", password(32)),
    jwtSecret: secret("jwtSecret", password(64)),
    secretEncryptionKey: secret("secretEncryptionKey", key),
    internalCronSecret: secret("internalCronSecret", password(64)),
    emailWebhookSecret: secret("emailWebhookSecret", password(64)),
    backupKey: password(64)(site, `${name}-${BACKUP_KEY}`),
  };
}

/** Without special characters: the password is part of a URL, and of files that people copy by hand. */
function password(length: number): (site: Site, name: string) => pulumi.Output<string> {
  return (site, name) => new random.RandomPassword(name, { length, special: false }, once(site)).result;
}

/** 32 bytes, in hexadecimal digits. */
function key(site: Site, name: string): pulumi.Output<string> {
  if (name === `${site.name}-${KEY_IN_CLEAR}`)
    return pulumi.secret(new random.RandomBytes(name, { length: 32 }, once(site)).hex);
  const digits = { length: 64, lower: false, upper: false, numeric: true, special: true, overrideSpecial: "abcdef" };
  return new random.RandomPassword(name, digits, once(site)).result;
}

/** Not of the Docker provider. */
function once({ parent }: Site): pulumi.CustomResourceOptions {
  return { parent, protect: true, retainOnDelete: true, ignoreChanges: ["*"] };
}
