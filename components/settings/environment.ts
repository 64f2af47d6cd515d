import { z } from "zod";
import { isCredential } from "./credential";
import { field } from "./field";

/**
 * Variables that the program sets itself, by the contract of the application; another value would break the connections
 * between containers.
 */
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
/** Variables that decide which programs and libraries run: a line in a pull request could run any code. */
const LOADERS = /^(?:PATH|LD_.*|NODE_PATH|OPENSSL_CONF|BASH_ENV)$/;
/** Options in NODE_OPTIONS that load code or settings, open a debugger, or write the keys of TLS to a file. */
const LOADING =
  /^(?:-r|-C|--(?:require|import|loader|experimental-loader|inspect.*|env-file.*|openssl-(?:shared-)?config|conditions|experimental-(?:config|default-config).*|experimental-policy|policy-integrity|snapshot-blob|build-snapshot.*|icu-data-dir|tls-keylog|insecure-http-parser|node-snapshot))(?:=|$)/;
/**
 * Minimum lengths that the application checks at its start. They are checked here, too, so that the update is refused
 * before anything runs.
 */
const MINIMUM: Readonly<Record<string, number>> = { INTERNAL_CRON_SECRET: 32, EMAIL_WEBHOOK_SECRET: 16 };

const value = z.union([z.string().regex(/^[^\0]*$/), z.number(), z.boolean()]).transform(String);
/** Not z.record, which ignores a key `__proto__`: every given key must be checked, or refused. */
const record = z.custom<Record<string, unknown>>(
  (given) => typeof given === "object" && given !== null && !Array.isArray(given),
  "names of variables, each with its value",
);

/** The environment of the application, in plain text. A change replaces api and worker, without a lost request. */
export function appEnv() {
  return record.transform((entries, context) =>
    checked(entries, context, (name, given) =>
      isCredential(name, given)
        ? "not a credential in plain text: move it to nestfleet:secretEnv, encrypted"
        : undefined,
    ),
  );
}

/**
 * The environment of the application that is encrypted in the stack's config and in the state. A change replaces what
 * `env` replaces.
 */
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

/** The rule that NODE_OPTIONS breaks, if any. Node.js accepts `_` for `-`, and words in quotes. */
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
