import type { BackupManifest } from "./manifest";

/** Why a server cannot restore a backup: what the server lacks, and words that continue "the backup …". */
interface Unsuitable {
  readonly lacks: "version" | "extension";
  readonly words: string;
}

/**
 * Says why a server cannot restore a backup; undefined when it can. The version is compared first, because on an older
 * PostgreSQL an extension does not help.
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
 * Names the first extension of a backup that a server lacks; undefined when the server has them all. Without an
 * extension, a restore fails half-way; with an older version, code that does not know the data would read them.
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

/** Compares versions of extensions, which are numbers with dots; a missing number counts as 0. */
export function olderThan(version: string, than: string): boolean {
  const [left, right] = [version, than].map((text) => text.split(/[^0-9]+/).map(Number));
  for (let index = 0; index < Math.max(left?.length ?? 0, right?.length ?? 0); index++) {
    const step = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (step !== 0) return step < 0;
  }
  return false;
}

/**
 * Names both major versions where a dump comes from a newer PostgreSQL than the server: its format and its commands may
 * be unknown to the older one. Undefined when the dump is not newer, and when it does not say its version.
 */
function newerServer(made: string, here: number): string | undefined {
  const major = Number.parseInt(made, 10);
  if (Number.isNaN(major) || major <= here) return undefined;
  return `is from PostgreSQL ${major}, and PostgreSQL ${here} runs here`;
}
