import { mkdtemp, readdir, rename, rm, stat, statfs, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { size } from "../../release/units";
import { dumpFault } from "../../release/records/dump";
import type { BackupManifest } from "../../release/records/manifest";
import { copiedDump, copiedManifest, copyFault, mustBeDirectory } from "./copies";
import type { Database } from "../../host/database/database";
import { complaint } from "../../host/database/database";
import { Refusal, say } from "../../host/output";
import { selectBackup } from "../../host/backups/selection";
import { dumpFile, Store } from "../../host/backups/store";
import { contentOf, fetchFile, synced } from "./transfer";

const PARTIAL = ".partial-";
/** A folder of this age was left by a killed copy; a copy that runs is younger. */
const OLD_MS = 24 * 3600 * 1000;

/**
 * Copies a backup, dump and manifest, to a directory of this machine: whole under its own name, or not at all. The stack's
 * backups are only read. A complete copy that is there already is not written again.
 */
export async function copyOut(
  database: Database,
  directory: string,
  asked: string | undefined,
  signal: AbortSignal,
): Promise<BackupManifest> {
  await mustBeDirectory(directory);
  const store = new Store(database);
  const manifest = selectBackup(await store.list(), asked);
  const { id, bytes } = manifest;
  if ((await copyFault(directory, manifest, signal)) === undefined && (await exists(copiedManifest(directory, id)))) {
    say(`${id} is in ${directory} already, complete`);
    return manifest;
  }
  await sweep(directory);
  await mustFit(directory, bytes);
  const folder = await mkdtemp(join(directory, PARTIAL));
  try {
    await fetch(database, manifest, folder, signal);
    await writeFile(copiedManifest(folder, id), await store.manifestText(id), { mode: 0o600 });
    await synced(copiedManifest(folder, id));
    signal.throwIfAborted();
    await publish(folder, directory, id);
  } catch (error) {
    const why = complaint(signal.aborted ? signal.reason : error);
    throw new Refusal(
      `${id} was not copied to ${directory}: ${why}.\nThe backup itself is untouched, and no incomplete copy is left.`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  say(`${id} is copied to ${directory}: ${size(bytes)}, checked`);
  return manifest;
}

/** Fetches the dump. Compares both what arrived and what is on the disk with the manifest. */
async function fetch(database: Database, manifest: BackupManifest, folder: string, signal: AbortSignal) {
  const { id } = manifest;
  const arrived = await fetchFile(database, dumpFile(id), copiedDump(folder, id), signal);
  const written = await contentOf(copiedDump(folder, id), signal);
  for (const [what, content] of [
    ["what arrived", arrived],
    ["what was written", written],
  ] as const) {
    const fault = dumpFault(manifest, content);
    if (fault !== undefined) throw new Refusal(`${what} is not the backup: ${fault}`);
  }
}

/**
 * Gives dump and manifest their names. The manifest comes last, because a dump without its manifest does not count as a
 * backup; for the same reason the manifest of an earlier, damaged copy is removed first.
 */
async function publish(folder: string, directory: string, id: string): Promise<void> {
  await unlink(copiedManifest(directory, id)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  });
  await rename(copiedDump(folder, id), copiedDump(directory, id));
  await rename(copiedManifest(folder, id), copiedManifest(directory, id));
  await synced(directory);
}

/** Refuses a disk that is too small, without a reserve: the size is known, and a full disk here stops no database. */
async function mustFit(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize < bytes)
    throw new Refusal(
      `${directory} has ${bavail * bsize} bytes free, and the backup has ${bytes}. Nothing was copied.`,
    );
}

async function sweep(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!/^\.partial-[A-Za-z0-9]{6}$/.test(name)) continue;
    const path = join(directory, name);
    if (Date.now() - (await stat(path)).mtimeMs > OLD_MS) await rm(path, { recursive: true, force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
