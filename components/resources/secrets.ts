import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { Component } from "./component";
import { placed, type Site } from "./site";
import { BACKUP_KEY, GENERATED, generatedAs, givenSecrets, KEY_IN_CLEAR, type SecretName } from "../release/secrets";

/**
 * Three secrets that the application needs, two that guard its internal and its mail endpoint, and the stack's own key.
 * The secrets in the configuration are adopted; the others are generated once, because a new value would lock the
 * application out of its database or make stored credentials unreadable. Hence they are protected, and a change of
 * length or alphabet, which would replace them, is ignored. A generated secret stays declared if the configuration sets
 * another: a protected resource cannot be removed, and its value applies again once the configuration sets none.
 */
export class Secrets extends Component {
  public readonly postgresPassword: pulumi.Output<string>;
  public readonly jwtSecret: pulumi.Output<string>;
  /** If this key is lost, no credential that the application stores can be read again. */
  public readonly secretEncryptionKey: pulumi.Output<string>;
  /** Without this secret, every container on the network could call the application's internal endpoints. */
  public readonly internalCronSecret: pulumi.Output<string>;
  public readonly emailWebhookSecret: pulumi.Output<string>;
  /** The key with which the stack signs its backups. The application does not get it. */
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

  /** Passwords have no special characters, because they are part of a URL, and of files that people copy by hand. */
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
