import { CREDENTIAL, looksLikeCredential } from "../../settings/credential";

/** The environment of a container: values by name. */
type Environment = Readonly<Record<string, string>>;

/** The variables of the application that may be in a log. Any other value counts as a secret. */
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
  "POSTGRES_USER",
  "POSTGRES_DB",
  "PGDATA",
];
/** A value of at least this length is hidden everywhere, also inside a word. */
const LONG = 8;
/**
 * A shorter value is hidden where it is a whole word, but not a plain word or number, which would hide half the text.
 */
const SHORTEST = 4;
const WORD = /^(?:[A-Za-z]+|\d+)$/;
/**
 * Values that are shown, whatever their length: versions, paths as in images, and names like those of hosts and
 * buckets.
 */
const ORDINARY = /^(?:v?\d+\.\d+[\w.+-]*|(?:\/[a-z0-9_.-]+)+\/?|[a-z]+(?:[-_.][a-z0-9]+)+)$/;
/**
 * Our own names are shown, although a password may be equal to one or begin with one: no message could be read
 * otherwise.
 */
const OWN_NAME = /^(?:nestfleet|postgres|api|worker|console|caddy)$/i;
const BEGINS_WITH_OURS = /^nestfleet/i;
/** The beginning of a secret, cut off after at least this many characters, is hidden, too. */
const BEGINNING = 12;
const URL_PASSWORD = /:\/\/[^/@\s:]*:([^/@\s]+)@/g;
/**
 * Messages in which PostgreSQL quotes user data: a row that violates a constraint, or a line of a dump that it cannot
 * read.
 */
const ROWS: readonly [RegExp, string][] = [
  [/(Key \([^\n]*?\))=\([^]*?\)(?= (?:already exists|is |conflicts with))/g, "$1=(***)"],
  [/(existing key \([^\n]*?\))=\([^]*?\)(?=\.?(?:\s|$))/g, "$1=(***)"],
  [/(Failing row contains )\((?:(?!\n *[A-Z]+: )[^])*\)/g, "$1(***)"],
  [/(COPY [^\n]*?, line \d+[^"\n]*: )"[^\n]*"/g, '$1"***"'],
];

const concealed = new Set<string>();

/**
 * Hides the credentials of an environment in all later lines of this process. Of the other values it hides those that
 * look generated: plain words and addresses are in every message.
 */
export function conceal(environment: Environment): void {
  for (const secret of secretsIn(environment, isMadeUp)) concealed.add(secret);
}

/**
 * Removes secrets and user data from a text: an application may print its environment, or its users' data, in an error.
 */
export function withheld(text: string, environment: Environment = {}): string {
  const secrets = new Set([...concealed, ...secretsIn(environment)]);
  const places = [...secrets].flatMap((secret) => placesOf(secret, text));
  return ROWS.reduce((rest, [row, without]) => rest.replaceAll(row, without), blotted(text, places));
}

function isMadeUp(value: string): boolean {
  return /\d/.test(value) && /[A-Za-z]/.test(value) && !value.includes("://");
}

/** Gives the secrets of an environment as a log may show them: as they are, or as a program has encoded them. */
function secretsIn(environment: Environment, counts: (value: string) => boolean = () => true): string[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    const passwords = [...value.matchAll(URL_PASSWORD)].flatMap(([, password = ""]) => [password, decoded(password)]);
    if (OPEN.includes(name)) return passwords.flatMap((password) => spellings(password));
    const parts = [...partsOf(value), ...leavesOf(value).flatMap((leaf) => [leaf, ...partsOf(leaf)])];
    const isKnown = CREDENTIAL.test(name) || looksLikeCredential(value);
    const known = isKnown ? [value, ...parts, ...passwords] : passwords;
    const guessed = [value, ...parts].filter(
      (part) => counts(part) && !ORDINARY.test(part) && (part.length >= LONG || !WORD.test(part)),
    );
    return [...known, ...guessed].flatMap((secret) => spellings(secret));
  });
}

/** Gives the lines of a value that has several, such as a key that is printed line by line. */
function partsOf(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  return lines.length > 1 ? lines.filter(({ length }) => length >= LONG) : [];
}

/** Gives the texts in a credential that is JSON. */
function leavesOf(value: string): string[] {
  if (!/^\s*[[{]/.test(value)) return [];
  const leaves: string[] = [];
  try {
    JSON.parse(value, (_, leaf: unknown) => {
      if (typeof leaf === "string" && leaf.length >= LONG) leaves.push(leaf);
      return leaf;
    });
  } catch {
    // not JSON: the value is hidden as a whole
  }
  return leaves;
}

function spellings(secret: string): string[] {
  if (secret.length < SHORTEST || OWN_NAME.test(secret)) return [];
  // JSON can contain half of a surrogate pair; bytes and URLs have the replacement character instead.
  const inUrl = encodeURIComponent(Buffer.from(secret).toString());
  const plain = [secret, JSON.stringify(secret).slice(1, -1), inUrl];
  return secret.length < LONG ? plain : [...plain, ...inBase64(secret)];
}

/**
 * Encodes a secret in base64 as it looks inside another text, in three ways: by the bytes before it (`user:` in Basic).
 */
function inBase64(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor(((before + bytes.length) * 8) / 6);
    const own = whole.slice(first, last);
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")].filter(({ length }) => length >= LONG);
  });
}

/** A part of a text. */
type Place = readonly [start: number, end: number];

function placesOf(secret: string, text: string): Place[] {
  if (secret.length < LONG)
    return [...text.matchAll(asWord(secret))].map(({ index, 0: found }) => [index, index + found.length]);
  // The beginning of a URL with a password is also that of other URLs of the host, so it is not hidden alone.
  const whole = secret.includes("://") || BEGINS_WITH_OURS.test(secret);
  const beginning = whole ? secret : secret.slice(0, BEGINNING);
  const places: Place[] = [];
  for (let start = text.indexOf(beginning); start !== -1; start = text.indexOf(beginning, start + 1)) {
    let end = start + beginning.length;
    while (end - start < secret.length && text[end] === secret[end - start]) end++;
    places.push([start, end]);
  }
  return places;
}

/**
 * All places are found before any is hidden: spellings of a secret begin alike, and a secret may contain another one.
 */
function blotted(text: string, places: readonly Place[]): string {
  let shown = "";
  let until = -1;
  for (const [start, end] of places.toSorted(([one], [other]) => one - other)) {
    if (start > until) shown += `${text.slice(Math.max(until, 0), start)}***`;
    until = Math.max(until, end);
  }
  return shown + text.slice(Math.max(until, 0));
}

function asWord(secret: string): RegExp {
  return new RegExp(`(?<![A-Za-z0-9])${secret.replaceAll(/[.*+?^${}()|[\]\\/-]/g, "\\$&")}(?![A-Za-z0-9])`, "g");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
