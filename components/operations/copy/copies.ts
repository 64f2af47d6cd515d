import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { compareBackupIds, parseBackupId } from "../../release/records/backup-id";
import { dumpFault, sizeFault } from "../../release/records/dump";
import { type BackupManifest, parseManifest, type WrittenManifest } from "../../release/records/manifest";
import { Refusal } from "../../host/output";
import { contentOf } from "./transfer";

/** Number of backups that a refusal offers in place of a missing one, the newest first. */
const OFFERED = 5;

export const copiedDump = (directory: string, id: string) => join(directory, `${id}.dump`);
export const copiedManifest = (directory: string, id: string) => join(directory, `${id}.json`);

/** Refuses a missing directory, and does not create it: its disk may not be mounted. */
export async function mustBeDirectory(directory: string): Promise<void> {
  const found = await stat(directory).catch((error: unknown) => (error as NodeJS.ErrnoException).code);
  if (typeof found === "object" && found.isDirectory()) return;
  const why = found === "ENOENT" ? "there is no such directory" : typeof found === "string" ? found : "it is a file";
  throw new Refusal(`${directory}: ${why}. Nothing was copied.\nNext: mount its disk, or mkdir -p ${directory}`);
}

/** Gives the manifest of a copy. Refuses a copy without a valid one. */
export async function copyOf(directory: string, id: string): Promise<WrittenManifest> {
  if (parseBackupId(id) === undefined) throw new Refusal(`${JSON.stringify(id)} is not the id of a backup.`);
  const text = await readFile(copiedManifest(directory, id), "utf8").catch(() => undefined);
  if (text === undefined) throw new Refusal(await missing(directory, id));
  const found = parseManifest(text);
  if (found === undefined) throw new Refusal(`${copiedManifest(directory, id)} is not the manifest of a backup.`);
  const { manifest } = found;
  if (manifest.id !== id || manifest.version !== parseBackupId(id)?.version)
    throw new Refusal(`${copiedManifest(directory, id)} is the manifest of ${manifest.id} of ${manifest.version}.`);
  return found;
}

/** Refuses a copy that is not, byte for byte, what its manifest says. */
export async function mustBeWhole(directory: string, manifest: BackupManifest, signal: AbortSignal): Promise<void> {
  const fault = await copyFault(directory, manifest, signal);
  if (fault !== undefined)
    throw new Refusal(`The copy of ${manifest.id} in ${directory} cannot be relied on: ${fault}.`);
}

/** Says why a copy is not what the manifest describes; undefined when it is. A wrong size is found without reading. */
export async function copyFault(
  directory: string,
  manifest: BackupManifest,
  signal: AbortSignal,
): Promise<string | undefined> {
  const dump = copiedDump(directory, manifest.id);
  const size = await stat(dump).then((found) => found.size, () => undefined); // prettier-ignore
  return sizeFault(manifest, size) ?? dumpFault(manifest, await contentOf(dump, signal));
}

async function missing(directory: string, id: string): Promise<string> {
  const files = await readdir(directory);
  if (files.includes(`${id}.dump`))
    return `${copiedDump(directory, id)} is not a complete backup: its manifest ${id}.json is not beside it.`;
  const whole = files.flatMap((file) => (file.endsWith(".json") ? [file.replace(/\.json$/, "")] : []));
  const there = whole.filter((name) => parseBackupId(name) !== undefined && files.includes(`${name}.dump`));
  const newest = there.sort(compareBackupIds).slice(-OFFERED).reverse();
  return `There is no backup ${id} in ${directory}; ${newest.length === 0 ? "the directory has no backup" : `the directory has ${newest.join(", ")}`}.`;
}
