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
/** What a killed copy has left, and no copy that is under way. */
const OLD_MS = 24 * 3600 * 1000;

/**
 * Copies a backup, dump and manifest, to a directory of this machine: whole under its own name, or not there. The stack's
 * backups are only read. A copy that is there and whole is left as it is.
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
    say(`${id} is in ${directory} already, whole`);
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
      `${id} was not copied to ${directory}: ${why}.\nThe backup itself is untouched, and no half of it is left.`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  say(`${id} is copied to ${directory}: ${size(bytes)}, checked`);
  return manifest;
}

/** What was read on the way and what lies on the disk are compared with the manifest, both. */
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

/** The manifest last: a dump without one is not a backup. One of a damaged copy goes first. */
async function publish(folder: string, directory: string, id: string): Promise<void> {
  await unlink(copiedManifest(directory, id)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  });
  await rename(copiedDump(folder, id), copiedDump(directory, id));
  await rename(copiedManifest(folder, id), copiedManifest(directory, id));
  await synced(directory);
}

/** To the byte: no PostgreSQL is stopped where this disk is full, and the size is known. */
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
