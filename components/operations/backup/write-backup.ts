import { BACKUPS_PATH, nextBackupId } from "../../release/records/backup-id";
import { baseline } from "../../release/records/backups";
import { expectedBackup, neededBytes } from "../../release/estimate";
import type { BackupManifest } from "../../release/records/manifest";
import {
  type Baseline,
  implausiblySmall,
  type Measure,
  total,
  wrongDatabase,
} from "../../release/records/plausibility";
import { size } from "../../release/units";
import type { Contents } from "../../host/backups/contents";
import { checksum } from "../../host/backups/dump-check";
import type { HistoryEntry } from "../../release/records/history";
import type { Store } from "../../host/backups/store";
import { withContinuousSync } from "../../host/database/continuous-sync";
import { complaint, type Database } from "../../host/database/database";
import { countRows } from "../../host/database/rows";
import type { Session } from "../../host/database/session";
import { digestsOf } from "../../host/docker/images";
import { together } from "../../host/interruption";
import { Refusal, say } from "../../host/output";
import { APPLICATION, type Compression, dump } from "./dump";
import type { Snapshot } from "./snapshot";

/** What is backed up, and how. */
export interface BackupRequest {
  /** The database's container. */
  readonly postgres: string;
  /** Tag of the running release. */
  readonly version: string;
  /** Id of the image behind each service that serves. */
  readonly images: Record<string, string>;
  /** How many backups are kept; undefined removes none. */
  readonly keep: number | undefined;
  /** False where the database may be another one than before: the backup is not compared with earlier ones. */
  readonly compared?: boolean;
  /** Ids of backups that are not removed. */
  readonly spare?: readonly string[];
  /** True accepts a backup that is far smaller than the backup before it. */
  readonly acceptSmaller: boolean;
  /** True reads the whole dump back; not needed if the backup is restored right afterwards. */
  readonly readBack: boolean;
}

/** What a backup works with. */
export interface Work {
  readonly database: Database;
  readonly store: Store;
  readonly request: BackupRequest;
  readonly signal: AbortSignal;
}

/** What is known before the snapshot is taken. */
export interface Found extends Contents {
  readonly history: readonly HistoryEntry[];
  readonly compression: Compression;
}

/** A moment of the database that will be backed up. */
interface Moment extends Found {
  /** The session that has exported the snapshot, and keeps it open. */
  readonly session: Session;
  readonly snapshot: Snapshot;
  readonly freeBytes: number;
}

/** A backup that is not taken yet. */
interface Planned {
  readonly id: string;
  /** The dump gets its final name once it is known to be good. */
  readonly file: string;
  /** Undefined where no earlier backup says how large a dump will be. */
  readonly expectedBytes: number | undefined;
  /** The earlier backup to compare with; undefined if there is none, or if the backup is not compared. */
  readonly baseline: Baseline | undefined;
}

type Dumped = Pick<BackupManifest, "seconds" | "rows">;
type Sealed = Pick<BackupManifest, "bytes" | "sha256">;

/** Writes the backup of a moment: planned, dumped and counted, sealed, and only then committed under its name. */
export async function writeBackup(work: Work, moment: Moment): Promise<BackupManifest> {
  const planned = plan(work, moment);
  try {
    const dumped = await dumpAndCount(work, moment, planned);
    const sealed = await seal(work, planned);
    mustBePlausible(work, { ...sealed, ...dumped }, planned);
    return await commit(work, moment, { id: planned.id, ...dumped, ...sealed });
  } catch (error) {
    await clearRemains(work).catch((failure: unknown) => {
      say(`The unfinished backup could not be removed (${complaint(failure)}); the next one removes it`);
    });
    throw error;
  }
}

/** Refuses when the dump would leave too little room. */
function plan({ store, request }: Work, { backups, ids, unsigned, history, snapshot, freeBytes }: Moment): Planned {
  const id = nextBackupId(snapshot.takenAt, request.version, ids, unsigned);
  const { bytes, seconds } = expectedBackup(snapshot.databaseBytes, backups.at(-1));
  const needed = neededBytes({ dumps: bytes });
  if (freeBytes < needed)
    throw new Refusal(
      `${BACKUPS_PATH} has ${freeBytes} bytes free, and the backup needs about ${needed}. Make room, or move the backups to another place (nestfleet:backups)`,
    );
  return {
    id,
    file: store.partial(id),
    expectedBytes: seconds === undefined ? undefined : bytes,
    baseline: request.compared === false ? undefined : baseline(backups, history),
  };
}

/** Dumps and counts the same moment. If one fails, the other is ended, because a count may wait long for a lock. */
async function dumpAndCount(
  { database, signal }: Work,
  { session, snapshot, compression }: Moment,
  { file, expectedBytes, baseline: before }: Planned,
): Promise<Dumped> {
  const count = async (either: AbortSignal) => {
    const rows = await countRows(session, either);
    const wrong = wrongDatabase(rows, before);
    if (wrong !== undefined) throw new Refusal(wrong);
    return rows;
  };
  const [seconds, rows] = await withContinuousSync(database, () =>
    together(
      signal,
      (either) => dump(database, { snapshot: snapshot.id, compression, file, expectedBytes, signal: either }),
      count,
    ),
  );
  return { seconds, rows };
}

/** Flushes the dump to the disk, computes its checksum and reads it back. */
async function seal({ database, store, request, signal }: Work, { file }: Planned): Promise<Sealed> {
  const [bytes, sha256] = await Promise.all([
    store.flush(file),
    checksum(database, file, signal),
    readBack(database, file, request.readBack, signal),
  ]);
  return { bytes, sha256 };
}

/** Reads back the table of contents of a dump, or decompresses the whole dump. */
async function readBack(database: Database, file: string, whole: boolean, signal: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await database.run(["pg_restore", whole ? "--file=/dev/null" : "--list", file], {
    signal,
  });
  if (exitCode !== 0) throw new Refusal(`the dump cannot be read back: ${stderr}`);
}

function mustBePlausible({ request }: Work, measure: Measure, { baseline: before }: Planned): void {
  const smaller = request.acceptSmaller ? undefined : implausiblySmall(measure, before);
  if (smaller !== undefined)
    throw new Refusal(
      `${smaller}. If that is right, confirm it (nestfleet:backups.acceptSmaller, or --accept-smaller)`,
    );
}

/** Writes the manifest, with which the dump becomes a backup. */
async function commit(
  { database, store, request, signal }: Work,
  { snapshot, compression }: Moment,
  { id, seconds, bytes, sha256, rows }: Pick<Planned, "id"> & Dumped & Sealed,
): Promise<BackupManifest> {
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
  say(`backup ${id}: ${size(bytes)}, ${total(rows)} rows, ${seconds.toFixed(1)} s`);
  return manifest;
}

/** Removes an incomplete backup. The session of pg_dump ends first, because pg_dump would go on writing. */
async function clearRemains({ database, store }: Work): Promise<void> {
  await database.endSessions(APPLICATION);
  reportRemoved(await store.sweep());
}

export function reportRemoved(files: readonly string[]): void {
  if (files.length > 0) say(`removed the files of an unfinished backup: ${files.join(", ")}`);
}
