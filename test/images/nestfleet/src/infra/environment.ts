export interface Environment {
  readonly databaseUrl: string;
  readonly encryptionKey: Buffer;
  readonly port: number;
}

interface Rule {
  readonly required?: boolean;
  readonly must: string;
  readonly holds: (value: string) => boolean;
}

const atLeast = (length: number): Rule => ({
  must: `be at least ${length} characters long`,
  holds: (value) => value.length >= length,
});
const oneOf = (...values: string[]): Rule => ({
  must: `be one of ${values.join(", ")}`,
  holds: (value) => values.includes(value),
});
const url = (...protocols: string[]): Rule => ({
  must: `be a ${protocols.join(" or ")} URL`,
  holds: (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol.replace(":", "")),
});
const required = (rule: Rule): Rule => ({ ...rule, required: true });

const rules: Readonly<Record<string, Rule>> = {
  DATABASE_URL: required(url("postgres", "postgresql")),
  JWT_SECRET: required(atLeast(32)),
  SECRET_ENCRYPTION_KEY: required({
    must: "be 64 lower-case hexadecimal digits",
    holds: (value) => /^[0-9a-f]{64}$/.test(value),
  }),
  NODE_ENV: required(oneOf("production", "development", "test")),
  PORT: required({
    must: "be a port number from 1 to 65535",
    holds: (value) => /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65535,
  }),
  CONSOLE_ORIGIN: required(url("http", "https")),
  INTERNAL_CRON_SECRET: atLeast(32),
  EMAIL_WEBHOOK_SECRET: atLeast(16),
  LOG_LEVEL: oneOf("debug", "info", "warn", "error"),
  REGISTRATION_ENABLED: oneOf("true", "false"),
  TELEMETRY_ENABLED: oneOf("true", "false"),
  BACKUP_S3_ENDPOINT: url("http", "https"),
};

export class InvalidEnvironment extends Error {
  public constructor(public readonly problems: readonly string[]) {
    super(["Invalid environment:", ...problems.map((problem) => `  ${problem}`)].join("\n"));
  }
}

/** An error never contains a value, because more people read the log of a container than may know its secrets. */
export function readEnvironment(source: NodeJS.ProcessEnv): Environment {
  const values = new Map<string, string>();
  const problems: string[] = [];
  for (const [name, rule] of Object.entries(rules)) {
    const value = source[name];
    if (value === undefined || value === "") {
      if (rule.required) problems.push(`${name} is required and must ${rule.must}`);
    } else if (rule.holds(value)) {
      values.set(name, value);
    } else {
      problems.push(`${name} must ${rule.must}`);
    }
  }
  if (problems.length > 0) throw new InvalidEnvironment(problems);

  const get = (name: string) => values.get(name) ?? "";
  return {
    databaseUrl: get("DATABASE_URL"),
    encryptionKey: Buffer.from(get("SECRET_ENCRYPTION_KEY"), "hex"),
    port: Number(get("PORT")),
  };
}
