/** Puts foreign text on one line, for use inside a sentence of ours. */
export function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}

/** Cuts foreign text, which may be a whole file. */
export function shortened(text: string, length = 100): string {
  return text.length > length ? `${text.slice(0, length - 1).trimEnd()}…` : text;
}

/** How many of a list are named whose length is not ours to decide. */
const NAMED = 3;

/** The first of them, and how many more there are. */
export function firstOf(names: readonly string[]): string {
  const others = names.length > NAMED ? ` and ${names.length - NAMED} others` : "";
  return `${names.slice(0, NAMED).join(", ")}${others}`;
}

/**
 * Makes foreign text (a log, a name, an answer) safe for a terminal or the log of a CI: without what moves the cursor, hides
 * lines or sets a title.
 */
export function printable(text: string): string {
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, "·");
}
