const WORDS =
  "KEYS?|APIKEYS?|SECRETS?|TOKENS?|PASSWORDS?|PASSWD|PWD|PASS|PASSPHRASE|CREDENTIALS?|PRIVATE|WEBHOOK_URL|COOKIE|AUTHORIZATION";

/**
 * Names that mean a credential by convention; a public key is not a credential. The name of a server parameter may have a
 * dot.
 */
export const CREDENTIAL = new RegExp(String.raw`(?<!PUBLIC|PUBLISHABLE)(?:^|[_.])(?:${WORDS})(?:[_.]|$)`, "i");

/** Whether a name means a credential, also in the spelling of this config's keys: `jwtSecret`. */
export function namesCredential(name: string): boolean {
  return CREDENTIAL.test(name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_"));
}

/** Names of facts about a credential, such as its lifetime, place or name, which are not credentials. */
const ABOUT =
  /(?:^|_)(?:MAX|MIN|NUM)_|_(?:DOMAIN|SAMESITE|SECURE|ENDPOINT|TTL|LENGTH|SIZE|COUNT|LIMIT|SECONDS|MINUTES|HOURS|DAYS|EXPIRY|EXPIRES(?:_IN)?|ENABLED|DISABLED|REQUIRED|POLICY|NAME|HEADER|PREFIX|PATH|FILE|DIR|TYPE|FORMAT|ALGORITHM|ISSUER|AUDIENCE|URL|URI)$/i;
const PLAIN = /^(?:true|false|-?\d{1,6}|)$/;

/** User and password in a URL; for a name that ends in DSN, the user alone is a credential. */
const URL_PASSWORD = /[a-z][a-z0-9+.-]*:\/\/[^/?#\s@]*:[^/?#\s@]+@/i;
const URL_USER = /[a-z][a-z0-9+.-]*:\/\/[^/?#\s@]+@/i;
/** Credentials that their issuers mark, so that they are found where they do not belong. */
const MARKED =
  /-----BEGIN [A-Z ]*PRIVATE KEY|hooks\.slack\.com\/services\/|(?<![A-Za-z0-9])(?:sk-[A-Za-z0-9_-]{16}|gh[pousr]_[A-Za-z0-9]{16}|github_pat_|glpat-|xox[abeoprs]-|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{30}|eyJ[A-Za-z0-9_-]{8,}\.eyJ)/;

/** Whether a setting is a credential, by its name or by its form. */
export function isCredential(name: string, value: string): boolean {
  if (looksLikeCredential(value) || (/(?:^|_)DSN$/i.test(name) && URL_USER.test(value))) return true;
  if (PLAIN.test(value) || !CREDENTIAL.test(name)) return false;
  return /WEBHOOK_URL$/i.test(name) || !ABOUT.test(name);
}

/** Whether a value is a credential by its form alone, whatever its name. */
export function looksLikeCredential(value: string): boolean {
  return URL_PASSWORD.test(value) || MARKED.test(value);
}
