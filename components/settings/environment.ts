import { isCredential } from "./credential";
import { namedValues } from "./named-values";

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

/** The environment of the application, in plain text. A change replaces api and worker, without a lost request. */
export function appEnv() {
  return variables((name, given) =>
    isCredential(name, given) ? "not a credential in plain text: move it to nestfleet:secretEnv, encrypted" : undefined,
  );
}

/**
 * The environment of the application that is encrypted in the stack's config and in the state. A change replaces what
 * `env` replaces.
 */
export function secretEnv() {
  return variables((name, given) => {
    const least = MINIMUM[name];
    return least && given !== "" && given.length < least ? `at least ${least} characters` : undefined;
  });
}

function variables(rule: (name: string, value: string) => string | undefined) {
  return namedValues({
    what: "names of variables",
    nameRule: ruleOfName,
    valueRule: (name, given) => nodeOptions(name, given) ?? rule(name, given),
  });
}

/** The rule that NODE_OPTIONS breaks, if any. Node.js accepts `_` for `-`, and words in quotes. */
function nodeOptions(name: string, given: string): string | undefined {
  const words =
    name === "NODE_OPTIONS" ? given.split(/\s+/).map((word) => word.replaceAll("_", "-").replaceAll('"', "")) : [];
  return words.some((word) => LOADING.test(word)) ? "options that do not load code or open a debugger" : undefined;
}

function ruleOfName(name: string): string | undefined {
  if (LOADERS.test(name)) return "left to the image: it decides which programs and libraries run";
  if (RESERVED.includes(name)) return "left to this program, which sets it";
  return NAME.test(name) ? undefined : "a name in upper case: letters, digits and '_'";
}
