import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { Component } from "./component";
import { placed, type Site } from "./site";
import { BACKUP_KEY, GENERATED, generatedAs, givenSecrets, KEY_IN_CLEAR, type SecretName } from "../release/secrets";

/**
 * What the application cannot do without, two that guard its internal and its mail endpoint, and one of the stack's own.
 * Adopts those that the config gives and generates the others, once: a new value would lock the application out of its
 * database, or make stored credentials unreadable. Hence protected, and deaf to changes of length and alphabet, which
 * would replace them. One that was generated stays declared when the config gives another: protected, it could not
 * leave the program, and it is what takes over when the config gives none any more.
 */
export class Secrets extends Component {
  public readonly postgresPassword: pulumi.Output<string>;
  public readonly jwtSecret: pulumi.Output<string>;
  /** Losing it loses every credential that the application stores. */
  public readonly secretEncryptionKey: pulumi.Output<string>;
  /** Without it everything on the network may call the application's internal endpoints. */
  public readonly internalCronSecret: pulumi.Output<string>;
  public readonly emailWebhookSecret: pulumi.Output<string>;
  /** With which the stack signs its backups; the application has no part in it. */
  public readonly backupKey: pulumi.Output<string>;

  public constructor(site: Site) {
    super("Secrets", "secrets", site);
    const { name, stack, plan, settings } = site;
    const secret = (purpose: SecretName, generate: (name: string) => pulumi.Output<string>) => {
      const given = givenSecrets(settings)[purpose];
      const made = generatedAs(purpose, stack, plan.inState);
      if (given === undefined) return generate(made ?? `${name}-${GENERATED[purpose]}`);
      if (made !== undefined) generate(made);
      return pulumi.secret(given);
    };
    this.postgresPassword = secret("postgresPassword", (made) => this.password(made, 32));
    this.jwtSecret = secret("jwtSecret", (made) => this.password(made, 64));
    this.secretEncryptionKey = secret("secretEncryptionKey", (made) => this.key(made));
    this.internalCronSecret = secret("internalCronSecret", (made) => this.password(made, 64));
    this.emailWebhookSecret = secret("emailWebhookSecret", (made) => this.password(made, 64));
    this.backupKey = this.password(`${name}-${BACKUP_KEY}`, 64);
    this.registerOutputs();
  }

  /** Without special characters: the password is part of a URL, and of files that people copy by hand. */
  private password(name: string, length: number): pulumi.Output<string> {
    return new random.RandomPassword(name, { length, special: false }, this.once()).result;
  }

  /** 32 bytes, in hexadecimal digits. */
  private key(name: string): pulumi.Output<string> {
    if (name === `${this.inside.name}-${KEY_IN_CLEAR}`)
      return pulumi.secret(new random.RandomBytes(name, { length: 32 }, this.once()).hex);
    const digits = { length: 64, lower: false, upper: false, numeric: true, special: true, overrideSpecial: "abcdef" };
    return new random.RandomPassword(name, digits, this.once()).result;
  }

  private once(): pulumi.CustomResourceOptions {
    return { ...placed(this.inside), protect: true, retainOnDelete: true, ignoreChanges: ["*"] };
  }
}
