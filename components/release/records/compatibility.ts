import type { BackupManifest } from "./manifest";

/** Why a server cannot restore a backup: what lacks, and words that go on from "the backup". */
interface Unsuitable {
  readonly lacks: "version" | "extension";
  readonly words: string;
}

/**
 * Says why a server cannot restore a backup; undefined when it can. The version comes first: with an older PostgreSQL an
 * extension is of no use.
 */
export function unsuitable(
  { server, extensions }: Pick<BackupManifest, "server" | "extensions">,
  here: { readonly major: number; readonly extensions: Readonly<Record<string, string>> },
): Unsuitable | undefined {
  const newer = newerServer(server, here.major);
  if (newer !== undefined) return { lacks: "version", words: newer };
  const missing = missingExtension(extensions, here.extensions);
  return missing === undefined ? undefined : { lacks: "extension", words: `needs ${missing}` };
}

/**
 * Names what a server lacks of the extensions that a backup was made with; undefined when it has them all. Without
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
 * Names the two major versions where a dump is of a newer PostgreSQL than the server: it may be in a format, and use
 * commands, that an older one does not know. Undefined when it is not, and when the dump does not tell.
 */
function newerServer(made: string, here: number): string | undefined {
  const major = Number.parseInt(made, 10);
  if (Number.isNaN(major) || major <= here) return undefined;
  return `is from PostgreSQL ${major}, and PostgreSQL ${here} runs here`;
}
