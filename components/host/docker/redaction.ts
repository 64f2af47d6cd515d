import { CREDENTIAL, looksLikeCredential } from "../../settings/credential";

/** Names and values, as a container has them. */
type Environment = Readonly<Record<string, string>>;

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
  "POSTGRES_USER",
  "POSTGRES_DB",
  "PGDATA",
];
/** From here on a value is hidden wherever it stands, also inside a word. */
const LONG = 8;
/** A shorter one as a word of its own, unless it is a plain word or number: those would blot out half the text. */
const SHORTEST = 4;
const WORD = /^(?:[A-Za-z]+|\d+)$/;
/** Whatever their length: a version, a path as images have them, or words as hosts and buckets are named. */
const ORDINARY = /^(?:v?\d+\.\d+[\w.+-]*|(?:\/[a-z0-9_.-]+)+\/?|[a-z]+(?:[-_.][a-z0-9]+)+)$/;
/** A password may be one of our own names, or begin with it. Without that name no message could be read. */
const OWN_NAME = /^(?:nestfleet|postgres|api|worker|console|caddy)$/i;
const BEGINS_WITH_OURS = /^nestfleet/i;
/** A text that was cut off is a secret still, from this many characters on. */
const BEGINNING = 12;
const URL_PASSWORD = /:\/\/[^/@\s:]*:([^/@\s]+)@/g;
/** Where PostgreSQL quotes the row that broke a rule, or the line of a dump that it could not read: data of users. */
const ROWS: readonly [RegExp, string][] = [
  [/(Key \([^\n]*?\))=\([^]*?\)(?= (?:already exists|is |conflicts with))/g, "$1=(***)"],
  [/(existing key \([^\n]*?\))=\([^]*?\)(?=\.?(?:\s|$))/g, "$1=(***)"],
  [/(Failing row contains )\((?:(?!\n *[A-Z]+: )[^])*\)/g, "$1(***)"],
  [/(COPY [^\n]*?, line \d+[^"\n]*: )"[^\n]*"/g, '$1"***"'],
];

const concealed = new Set<string>();

/**
 * From now on no line of this process shows the credentials of an environment. Of the rest, what looks made up: plain
 * words and addresses are in every message.
 */
export function conceal(environment: Environment): void {
  for (const secret of secretsIn(environment, isMadeUp)) concealed.add(secret);
}

/** An application may put its own environment, or its users' data, into an error: the text without either. */
export function withheld(text: string, environment: Environment = {}): string {
  const secrets = new Set([...concealed, ...secretsIn(environment)]);
  const places = [...secrets].flatMap((secret) => placesOf(secret, text));
  return ROWS.reduce((rest, [row, without]) => rest.replaceAll(row, without), blotted(text, places));
}

function isMadeUp(value: string): boolean {
  return /\d/.test(value) && /[A-Za-z]/.test(value) && !value.includes("://");
}

/** As they stand in a log: as they are, or as a program has written them. */
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

/** The lines of a value that has several: a key that is printed line by line. */
function partsOf(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  return lines.length > 1 ? lines.filter(({ length }) => length >= LONG) : [];
}

/** The texts inside of a credential that is JSON. */
function leavesOf(value: string): string[] {
  if (!/^\s*[[{]/.test(value)) return [];
  const leaves: string[] = [];
  try {
    JSON.parse(value, (_, leaf: unknown) => {
      if (typeof leaf === "string" && leaf.length >= LONG) leaves.push(leaf);
      return leaf;
    });
  } catch {
    // no JSON: it is hidden as a whole
  }
  return leaves;
}

function spellings(secret: string): string[] {
  if (secret.length < SHORTEST || OWN_NAME.test(secret)) return [];
  // Of half a character, which JSON can have, a URL has a mark instead, as bytes have.
  const inUrl = encodeURIComponent(Buffer.from(secret).toString());
  const plain = [secret, JSON.stringify(secret).slice(1, -1), inUrl];
  return secret.length < LONG ? plain : [...plain, ...inBase64(secret)];
}

/** What base64 makes of a secret inside of any text: three ways, by what stands before it (`user:` in Basic). */
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

/** From where in a text to where. */
type Place = readonly [start: number, end: number];

function placesOf(secret: string, text: string): Place[] {
  if (secret.length < LONG)
    return [...text.matchAll(asWord(secret))].map(({ index, 0: found }) => [index, index + found.length]);
  // Every URL of a host begins as one that has a password.
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

/** All are found before any is hidden: spellings of one secret begin alike, and one secret may be in another. */
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
