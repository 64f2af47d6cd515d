import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Site } from "../docker/site";

/** The three secrets that the application cannot do without. */
export interface Secrets {
  readonly postgresPassword: pulumi.Output<string>;
  readonly jwtSecret: pulumi.Output<string>;
  /** Losing it loses every credential that the application stores. */
  readonly secretEncryptionKey: pulumi.Output<string>;
}

/**
 * Adopts the secrets given in config and generates the others, once: a new value would lock the application out of its
 * database, or make stored credentials unreadable. Hence protected, and deaf to changes of length and alphabet, which
 * would replace them.
 */
export function createSecrets(site: Site): Secrets {
  const given = site.settings.secrets;
  return {
    postgresPassword: adopt(given.postgresPassword) ?? password(site, "postgres-password", 32),
    jwtSecret: adopt(given.jwtSecret) ?? password(site, "jwt-secret", 64),
    secretEncryptionKey: adopt(given.secretEncryptionKey) ?? key(site, "secret-encryption-key"),
  };
}

function adopt(value: string | undefined): pulumi.Output<string> | undefined {
  return value === undefined ? undefined : pulumi.secret(value);
}

/** Without special characters: the password is part of a URL, and of files that people copy by hand. */
function password(site: Site, purpose: string, length: number): pulumi.Output<string> {
  const generated = new random.RandomPassword(`${site.name}-${purpose}`, { length, special: false }, once(site));
  return generated.result;
}

function key(site: Site, purpose: string): pulumi.Output<string> {
  return pulumi.secret(new random.RandomBytes(`${site.name}-${purpose}`, { length: 32 }, once(site)).hex);
}

/** Not of the Docker provider. */
function once({ parent }: Site): pulumi.CustomResourceOptions {
  return { parent, protect: true, retainOnDelete: true, ignoreChanges: ["*"] };
}
