import { z } from "zod";
import { isCredential } from "./credential";
import { field } from "./field";

/** Set by the program itself, from the contract of the application; an operator's value would break the wiring. */
const RESERVED = [
  "DATABASE_URL",
  "JWT_SECRET",
  "SECRET_ENCRYPTION_KEY",
  "NODE_ENV",
  "PORT",
  "CONSOLE_ORIGIN",
  "INTERNAL_API_URL",
];

const NAME = /^[A-Z][A-Z0-9_]*$/;
/** They decide what a container's programs are, and which: a line in a pull request would be code. */
const LOADERS = /^(?:PATH|LD_.*|NODE_PATH|OPENSSL_CONF|BASH_ENV)$/;
/** Of NODE_OPTIONS: what loads code or settings, opens a debugger, or writes down the keys of TLS. */
const LOADING =
  /^(?:-r|-C|--(?:require|import|loader|experimental-loader|inspect.*|env-file.*|openssl-(?:shared-)?config|conditions|experimental-(?:config|default-config).*|experimental-policy|policy-integrity|snapshot-blob|build-snapshot.*|icu-data-dir|tls-keylog|insecure-http-parser|node-snapshot))(?:=|$)/;
/** Minimum lengths that the application checks at start: known here, the update is refused before anything runs. */
const MINIMUM: Readonly<Record<string, number>> = { INTERNAL_CRON_SECRET: 32, EMAIL_WEBHOOK_SECRET: 16 };

const value = z.union([z.string().regex(/^[^\0]*$/), z.number(), z.boolean()]).transform(String);
/** Not z.record, which passes over a `__proto__`: what is given is checked, or refused. */
const record = z.custom<Record<string, unknown>>(
  (given) => typeof given === "object" && given !== null && !Array.isArray(given),
  "names of variables, each with its value",
);

/** Application environment, in clear. Changing it replaces api and worker, without a lost request. */
export function appEnv() {
  return record.transform((entries, context) =>
    checked(entries, context, (name, given) =>
      isCredential(name, given)
        ? "not a credential in plain text: move it to nestfleet:secretEnv, encrypted"
        : undefined,
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
    const rule = parsed.success ? (nodeOptions(name, parsed.data) ?? check(name, parsed.data)) : reason(parsed.error);
    if (rule) context.issues.push({ code: "custom", message: rule, input: given, path: [name] });
    else if (parsed.success) environment[name] = parsed.data;
  }
  return environment;
}

function reason(error: z.ZodError): string | undefined {
  return error.issues[0]?.message;
}

/** Node.js takes `_` for `-`, and words in quotes. */
function nodeOptions(name: string, given: string): string | undefined {
  const words =
    name === "NODE_OPTIONS" ? given.split(/\s+/).map((word) => word.replaceAll("_", "-").replaceAll('"', "")) : [];
  return words.some((word) => LOADING.test(word)) ? "options that do not load code or open a debugger" : undefined;
}

function entry(name: string) {
  if (LOADERS.test(name)) return field(z.never(), "left to the image: it decides which programs and libraries run", "");
  if (RESERVED.includes(name)) return field(z.never(), "left to this program, which sets it", "");
  if (!NAME.test(name)) return field(z.never(), "a name in upper case: letters, digits and '_'", "");
  return field(value, "a string, number or boolean", "");
}
