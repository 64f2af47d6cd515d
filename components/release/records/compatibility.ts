/**
 * What a server lacks of the extensions that a backup was made with, in words; undefined when it has them all. Without
 * one, a restore fails half-way; with an older one, the data would be read by code that does not know them.
 */
export function missingExtension(
  needed: Readonly<Record<string, string>>,
  available: Readonly<Record<string, string>>,
): string | undefined {
  for (const [name, version] of Object.entries(needed)) {
    const here = available[name];
    if (here === undefined) return `the extension ${name} ${version}, which the postgres image does not have`;
    if (olderThan(here, version)) return `the extension ${name} ${version}, and the postgres image has ${here}`;
  }
  return undefined;
}

/** Versions of extensions are numbers with dots; a missing number counts as 0. */
export function olderThan(version: string, than: string): boolean {
  const [left, right] = [version, than].map((text) => text.split(/[^0-9]+/).map(Number));
  for (let index = 0; index < Math.max(left?.length ?? 0, right?.length ?? 0); index++) {
    const step = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (step !== 0) return step < 0;
  }
  return false;
}

/**
 * The two major versions, in words, where a dump is of a newer PostgreSQL than the server: it may be in a format, and use
 * commands, that an older one does not know. Undefined when it is not, and when the dump does not tell.
 */
export function newerServer(made: string, here: number): string | undefined {
  const major = Number.parseInt(made, 10);
  if (Number.isNaN(major) || major <= here) return undefined;
  return `is of PostgreSQL ${major}, and PostgreSQL ${here} runs here`;
}
