/** Of the application's environment: what may stand in a log. Everything else counts as a secret. */
const OPEN = [
  "NODE_ENV",
  "PORT",
  "HOSTNAME",
  "CONSOLE_ORIGIN",
  "INTERNAL_API_URL",
  "LOG_LEVEL",
  "PATH",
  "NODE_VERSION",
  "YARN_VERSION",
];
/** Shorter values are words, and would blot out half the text. */
const SHORTEST = 8;
const URL_PASSWORD = /:\/\/[^:/@\s]+:([^@\s]+)@/;

/** An application may put its own environment into an error: the text without the values that are nobody's business. */
export function withheld(text: string, environment: Readonly<Record<string, string>>): string {
  return secretValues(environment).reduce((shown, secret) => shown.replaceAll(secret, "***"), text);
}

/** Longest first, so that a URL goes as a whole; then the password in it, as it was typed and as it was encoded. */
function secretValues(environment: Readonly<Record<string, string>>): string[] {
  const values = Object.entries(environment).flatMap(([name, value]) => (OPEN.includes(name) ? [] : [value]));
  const passwords = values.flatMap((value) => URL_PASSWORD.exec(value)?.[1] ?? []);
  const all = [...values, ...passwords, ...passwords.map(decoded)].filter(({ length }) => length >= SHORTEST);
  return all.sort((a, b) => b.length - a.length);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
