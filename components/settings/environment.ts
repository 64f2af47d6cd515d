import { z } from "zod";
import { field } from "./field";

/** Set by the program itself, from the contract of the application; an operator's value would break the wiring. */
export const RESERVED = [
  "DATABASE_URL",
  "JWT_SECRET",
  "SECRET_ENCRYPTION_KEY",
  "NODE_ENV",
  "PORT",
  "CONSOLE_ORIGIN",
  "INTERNAL_API_URL",
];

const NAME = /^[A-Z][A-Z0-9_]*$/;
/** Names that carry a credential by the application's own convention; a public key is none. */
export const CREDENTIAL = /(?<!PUBLIC)_(KEY|SECRET|TOKEN|PASSWORD|PASS)$/i;
/** Minimum lengths that the application checks at start: known here, the update is refused before anything runs. */
const MINIMUM: Readonly<Record<string, number>> = { INTERNAL_CRON_SECRET: 32, EMAIL_WEBHOOK_SECRET: 16 };

const value = z.union([z.string().regex(/^[^\0]*$/), z.number(), z.boolean()]).transform(String);
const record = z.record(z.string(), z.unknown());

/** Application environment, in clear. Changing it replaces api and worker, without a lost request. */
export function appEnv() {
  return record.transform((entries, context) =>
    checked(entries, context, (name) =>
      CREDENTIAL.test(name) ? "no credential in clear: move it to nestfleet:secretEnv, encrypted" : undefined,
    ),
  );
}

/** Application environment that is encrypted in the stack's config and in the state. Replaces what `env` replaces. */
export function secretEnv() {
  return record.transform((entries, context) =>
    checked(entries, context, (name, given) => {
      const least = MINIMUM[name];
      return least && given !== "" && given.length < least ? `at least ${least} characters` : undefined;
    }),
  );
}

type Check = (name: string, value: string) => string | undefined;

function checked(
  entries: Record<string, unknown>,
  context: z.core.$RefinementCtx,
  check: Check,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, given] of Object.entries(entries)) {
    const parsed = entry(name).safeParse(given);
    const rule = parsed.success ? check(name, parsed.data) : parsed.error.issues[0]?.message;
    if (rule) context.issues.push({ code: "custom", message: rule, input: given, path: [name] });
    else if (parsed.success) environment[name] = parsed.data;
  }
  return environment;
}

function entry(name: string) {
  if (RESERVED.includes(name)) return field(z.never(), "left to this program, which sets it", "");
  if (!NAME.test(name)) return field(z.never(), "a name in upper case: letters, digits and '_'", "");
  return field(value, "a string, number or boolean", "");
}
