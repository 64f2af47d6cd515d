/** Puts foreign text on one line, for use inside one of our sentences. */
export function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}

/** Shortens foreign text, which may be a whole file. */
export function shortened(text: string, length = 100): string {
  return text.length > length ? `${text.slice(0, length - 1).trimEnd()}…` : text;
}

/** How many items of a list are named whose length this program does not decide. */
const NAMED = 3;

/** Names the first items of a list, and says how many more there are. */
export function firstOf(names: readonly string[]): string {
  const others = names.length > NAMED ? ` and ${names.length - NAMED} others` : "";
  return `${names.slice(0, NAMED).join(", ")}${others}`;
}

/**
 * Makes foreign text (a log, a name, an answer) safe for a terminal or the log of a CI: characters that move the
 * cursor, hide lines or set a title are replaced.
 */
export function printable(text: string): string {
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, "·");
}
