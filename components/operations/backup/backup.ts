import type { DockerClient } from "../../host/docker/client";
import { BACKUPS_PATH, nextBackupId } from "../../release/records/backup-id";
import { precedent } from "../../release/records/backups";
import type { BackupManifest } from "../../release/records/manifest";
import { retiredBackups } from "../../release/records/retention";
import { shrinkage, total, wrongDatabase } from "../../release/records/plausibility";
import { expectedBackup, neededBytes } from "../../release/estimate";
import { inspectDisks } from "../../host/database/disks";
import { size as readable } from "../../release/units";
import { complaint, Database, DATABASE } from "../../host/database/database";
import { APPLICATION, bestCompression, type Compression, dump } from "./dump";
import { withAdvisoryLock } from "../../host/database/advisory-lock";
import { type HistoryEntry, readHistory } from "../../host/backups/history";
import { lockedTables } from "../../host/database/holders";
import { digestsOf } from "../../host/docker/images";
import { together } from "../../host/interruption";
import { countRows } from "../../host/database/rows";
import { Refusal, say } from "../../host/output";
import { Session } from "../../host/database/session";
import { type Snapshot, takeSnapshot } from "./snapshot";
import type { Contents } from "../../host/backups/contents";
import { checksum } from "../../host/backups/dump-check";
import { reportPassedOver } from "../../host/backups/selection";
import { Store } from "../../host/backups/store";
import { writtenSteadily } from "../../host/database/writeback";

export interface BackupRequest {
  /** The database's container. */
  readonly postgres: string;
  /** Tag of the release that serves. */
  readonly version: string;
  /** Id of the image behind each service that serves. */
  readonly images: Record<string, string>;
  /** How many backups stay; undefined removes none. */
  readonly keep: number | undefined;
  /** False: whatever it has is what is backed up, far less than before or not. */
  readonly compared?: boolean;
  /** Ids of which none is removed. */
  readonly spare?: readonly string[];
  /** The backup may be far smaller than the one before. */
  readonly acceptSmaller: boolean;
  /** The whole dump is read back here; not needed where it is restored right afterwards. */
  readonly readBack: boolean;
}

/**
 * Takes a backup, reads it back and only then gives it its name. Undefined when there is nothing to back up yet.
 * Whatever goes wrong, the backups that there are stay as they are, and nothing that is half done remains.
 */
export async function takeBackup(
  docker: DockerClient,
  request: BackupRequest,
  signal: AbortSignal,
): Promise<BackupManifest | undefined> {
  const database = new Database(docker, request.postgres);
  const store = new Store(database);
  try {
    await database.mustRun();
    const [compression] = await Promise.all([bestCompression(database), store.mustBeWritable()]);
    return await withAdvisoryLock(database, "backup", async () => {
      const found = { compression, ...(await lookAround(database, store)) };
      const taken = await take(database, store, request, found, signal);
      if (taken !== undefined) await retire(store, [...found.backups, taken], found, request);
      return taken;
    });
  } catch (error) {
    const why = complaint(signal.aborted ? signal.reason : error);
    throw new Refusal(
      `No backup was taken: ${[why, ...(await lockedWhile(database, why))].join("; ")}.\nThe database and the backups before are untouched.\nNext: mend the cause, then run the same again.`,
    );
  }
}

/** The count is ended by the time it waits for a lock, and pg_dump by that of a statement. */
const WAITED = /canceling statement due to (lock|statement) timeout/;

/** Who had locked what was waited for, and has still; that it cannot be told hides nothing of the failure. */
async function lockedWhile(database: Database, why: string): Promise<string[]> {
  return WAITED.test(why) ? lockedTables(database).catch(() => []) : [];
}

/** What is known before the dump. */
interface Found extends Contents {
  readonly history: readonly HistoryEntry[];
  readonly compression: Compression;
}

/** Asked all at once: each `docker exec` costs a tenth of a second. What a killed run has left is gone afterwards. */
async function lookAround(database: Database, store: Store): Promise<Omit<Found, "compression">> {
  const [{ removed, contents }, history] = await Promise.all([
    store.open(),
    readHistory(database),
    database.endSessions(APPLICATION),
  ]);
  tellRemoved(removed);
  return { ...contents, history };
}

async function take(
  database: Database,
  store: Store,
  request: BackupRequest,
  found: Found,
  signal: AbortSignal,
): Promise<BackupManifest | undefined> {
  reportPassedOver(found);
  const session = new Session(database, APPLICATION, DATABASE, signal);
  try {
    const [snapshot, disks] = await Promise.all([
      takeSnapshot(session),
      inspectDisks(database.docker, database.container),
    ]);
    if (snapshot.tables === 0 && found.backups.length === 0) {
      say("first install: nothing to back up");
      return undefined;
    }
    return await record(
      database,
      store,
      request,
      { ...found, freeBytes: disks.backups.freeBytes },
      session,
      snapshot,
      signal,
    );
  } finally {
    await session.close();
  }
}

async function record(
  database: Database,
  store: Store,
  request: BackupRequest,
  { backups, ids, unsigned, history, compression, freeBytes }: Found & { freeBytes: number },
  session: Session,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<BackupManifest> {
  const newest = backups.at(-1);
  const previous = request.compared === false ? undefined : precedent(backups, history);
  const id = nextBackupId(snapshot.takenAt, request.version, ids, unsigned);
  const file = store.partial(id);
  const estimate = expectedBackup(snapshot.databaseBytes, newest);
  const expected = estimate.seconds === undefined ? undefined : estimate.bytes;
  mustFit(freeBytes, neededBytes({ dumps: estimate.bytes }));
  try {
    const [seconds, rows] = await writtenSteadily(database, () =>
      together(
        signal,
        (either) => dump(database, snapshot.id, compression, file, expected, either),
        async (either) => {
          // A count may wait for a lock, long after the dump has failed.
          const counted = await countRows(session, either);
          const wrong = wrongDatabase(counted, previous);
          if (wrong !== undefined) throw new Refusal(wrong);
          either.throwIfAborted();
          return counted;
        },
      ),
    );
    const [bytes, sha256] = await Promise.all([
      store.flush(file),
      checksum(database, file, signal),
      readBack(database, file, request.readBack, signal),
    ]);
    const smaller = request.acceptSmaller ? undefined : shrinkage({ bytes, rows }, previous);
    if (smaller !== undefined)
      throw new Refusal(
        `${smaller}. If that is right, confirm it (nestfleet:backups.acceptSmaller, or --accept-smaller)`,
      );
    const { takenAt, databaseBytes, migrations, extensions, server, definition } = snapshot;
    const manifest: BackupManifest = {
      id,
      version: request.version,
      takenAt: new Date(takenAt * 1000).toISOString(),
      seconds,
      bytes,
      databaseBytes,
      sha256,
      compression,
      rows,
      migrations,
      extensions,
      server,
      images: request.images,
      digests: await digestsOf(database.docker, request.images),
      definition,
    };
    signal.throwIfAborted();
    await store.commit(manifest);
    say(`backup ${id}: ${readable(bytes)}, ${total(rows)} rows, ${seconds.toFixed(1)} s`);
    return manifest;
  } catch (error) {
    await clearRemains(database, store).catch((failure: unknown) => {
      say(`The unfinished backup could not be removed (${complaint(failure)}); the next one removes it`);
    });
    throw error;
  }
}

/** The session first: pg_dump would go on writing. */
async function clearRemains(database: Database, store: Store): Promise<void> {
  await database.endSessions(APPLICATION);
  tellRemoved(await store.sweep());
}

function tellRemoved(files: readonly string[]): void {
  if (files.length > 0) say(`removed what an unfinished backup left: ${files.join(", ")}`);
}

function mustFit(free: number, needed: number): void {
  if (free < needed)
    throw new Refusal(
      `${BACKUPS_PATH} has ${free} bytes free, and the backup needs about ${needed}. Make room, or put the backups elsewhere (nestfleet:backups)`,
    );
}

/** The table of contents, or every byte, unpacked. */
async function readBack(database: Database, file: string, whole: boolean, signal: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await database.run(["pg_restore", whole ? "--file=/dev/null" : "--list", file], {
    signal,
  });
  if (exitCode !== 0) throw new Refusal(`the dump cannot be read back: ${stderr}`);
}

/** The backup is taken by now: that an old one could not be removed is worth a word, not a failure. */
async function retire(store: Store, backups: readonly BackupManifest[], { history }: Found, request: BackupRequest) {
  const { keep, spare = [] } = request;
  if (keep === undefined) return;
  try {
    const retired = retiredBackups(backups, keep, history).filter((id) => !spare.includes(id));
    for (const id of retired) await store.remove(id);
    if (retired.length > 0)
      say(`removed ${retired.join(", ")}: the newest ${keep} are kept, and what a rollback needs`);
  } catch (error) {
    say(`Old backups could not be removed: ${complaint(error)}`);
  }
}
