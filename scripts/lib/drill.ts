import type { DockerClient } from "../../components/docker/client";
import { mountsOf } from "../../components/host/mounts";
import { BACKUPS_PATH } from "../../components/release/backup-id";
import type { BackupManifest } from "../../components/release/manifest";
import { total } from "../../components/release/shrinkage";
import { complaint, Database, DATABASE } from "./database";
import { diagnosis } from "./diagnosis";
import { exclusively } from "./exclusion";
import { mustBeRestorable, restoreInto } from "./restoration";
import { Refusal, say } from "./run";
import { select } from "./selection";
import { findStack, type RunningStack } from "./stack";
import { Store } from "./store";
import { Throwaway } from "./throwaway";

export interface DrillRequest {
  /** The only one on the host, when it is not named. */
  readonly stack?: string | undefined;
  /** Id; the newest when none is named. */
  readonly backup?: string | undefined;
}

/** One line for whoever watches: what was proved, or why it was not. */
export type Drilled =
  | {
      readonly ok: true;
      readonly stack: string;
      readonly backup: string;
      /** Of the release whose data it is. */
      readonly version: string;
      readonly takenAt: string;
      readonly bytes: number;
      readonly rows: number;
      readonly tables: number;
      readonly restoreSeconds: number;
      readonly healthSeconds: number;
      /** How much is lost when it has to be restored now. */
      readonly ageSeconds: number;
    }
  | { readonly ok: false; readonly backup: string | null; readonly error: string };

/** One: nobody waits for a drill, and the release that serves wants the other cores. */
const JOBS = 1;
const NEXT = `
The live database and the backups are untouched.
Next: mend the cause, then run the same again. When the backup itself is at fault, take a new one: scripts/backup.sh`;

/**
 * Proves that a backup can be restored, and that the release whose data it is works on it, without touching anything
 * that serves: everything happens in a database of its own. It does not take the stack's lock: an update may go on
 * beside it.
 */
export async function drill(docker: DockerClient, asked: DrillRequest, signal: AbortSignal): Promise<Drilled> {
  let backup = asked.backup ?? null;
  try {
    const found = await findStack(docker, asked.stack);
    const live = new Database(docker, found.postgres);
    const contents = await new Store(live).list();
    for (const broken of contents.broken) say(`${BACKUPS_PATH}/${broken}; it does not count as a backup`);
    const manifest = select(contents, asked.backup);
    backup = manifest.id;
    return await exclusively(live, "drill", () => perform(docker, found, manifest, signal));
  } catch (error) {
    const why = complaint(signal.aborted ? signal.reason : error).trimEnd();
    say(`The drill fails: ${why.includes("\nNext: ") ? why : why + NEXT}`);
    return { ok: false, backup, error: why.split("\n", 1)[0] ?? why };
  }
}

async function perform(
  docker: DockerClient,
  found: RunningStack,
  manifest: BackupManifest,
  signal: AbortSignal,
): Promise<Drilled> {
  const throwaway = new Throwaway(docker, found.stack, signal);
  await throwaway.clear();
  try {
    const image = await apiImage(docker, manifest);
    const backups = (await mountsOf(docker, found.postgres)).find(({ Destination }) => Destination === BACKUPS_PATH);
    const postgres = found.images["postgres"];
    if (backups === undefined || postgres === undefined)
      throw new Refusal(`${found.postgres} has no ${BACKUPS_PATH} mounted that a second database could read`);
    const database = await throwaway.database(postgres, backups);
    const restoreSeconds = await timed(() => restore(database, manifest, signal));
    const [rows, tables] = [total(manifest.rows), Object.keys(manifest.rows).length];
    say(`drill: ${manifest.id} restored in ${restoreSeconds} s, all ${rows} rows of ${tables} tables`);
    const healthSeconds = await timed(() => mustBeWell(throwaway, image, manifest));
    say(`drill: ${manifest.version} is healthy on it after ${healthSeconds} s`);
    const { id, version, takenAt, bytes } = manifest;
    const ageSeconds = Math.round((Date.now() - Date.parse(takenAt)) / 1000);
    const measured = { rows, tables, restoreSeconds, healthSeconds, ageSeconds };
    return { ok: true, stack: found.stack, backup: id, version, takenAt, bytes, ...measured };
  } finally {
    await throwaway.clear().catch((error: unknown) => {
      say(`What the drill made could not be removed (${complaint(error)}); the next one removes it`);
    });
  }
}

async function restore(database: Database, manifest: BackupManifest, signal: AbortSignal): Promise<void> {
  await mustBeRestorable(database, manifest, signal);
  await restoreInto(database, DATABASE, manifest, signal, JOBS);
}

async function mustBeWell(throwaway: Throwaway, image: string, { version }: BackupManifest): Promise<void> {
  const wrong = diagnosis(await throwaway.health(image), version);
  if (wrong !== undefined) throw new Refusal(`${version} does not work on the restored data: ${wrong}`);
}

/** Not a tag, which may name another image by now: the very image that the data is of. */
async function apiImage(docker: DockerClient, { id, version, images }: BackupManifest): Promise<string> {
  const image = images["api"];
  if (image === undefined) throw new Refusal(`the backup ${id} does not say which api image of ${version} served`);
  if ((await docker.inspect(image, "image")) === undefined)
    throw new Refusal(`the api image of ${version} that the backup ${id} is of is not on the host any more: ${image}`);
  return image;
}

/** Seconds, in tenths. */
async function timed(work: () => Promise<void>): Promise<number> {
  const started = Date.now();
  await work();
  return Math.round((Date.now() - started) / 100) / 10;
}
