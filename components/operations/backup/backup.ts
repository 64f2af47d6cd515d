import type { DockerClient } from "../../host/docker/client";
import type { BackupManifest } from "../../release/records/manifest";
import { retiredBackups } from "../../release/records/retention";
import { complaint, Database } from "../../host/database/database";
import { DATABASE } from "../../release/names";
import { APPLICATION, bestCompression } from "./dump";
import { withAdvisoryLock } from "../../host/database/advisory-lock";
import { readHistory } from "../../host/backups/history";
import { inspectDisks } from "../../host/database/disks";
import { lockedTables } from "../../host/database/holders";
import { Refusal, say } from "../../host/output";
import { Session } from "../../host/database/session";
import { takeSnapshot } from "./snapshot";
import { reportPassedOver } from "../../host/backups/selection";
import { Store } from "../../host/backups/store";
import { type BackupRequest, type Found, reportRemoved, type Work, writeBackup } from "./write-backup";
import { unlessDockerFails } from "../../host/docker/errors";

/**
 * Takes a backup, reads it back and only then gives it its name. Undefined when there is nothing to back up yet. If
 * anything fails, the earlier backups stay as they are, and the incomplete backup is removed.
 */
export async function takeBackup(
  docker: DockerClient,
  request: BackupRequest,
  signal: AbortSignal,
): Promise<BackupManifest | undefined> {
  const database = new Database(docker, request.postgres);
  const work = { database, store: new Store(database), request, signal };
  try {
    await database.mustRun();
    const [compression] = await Promise.all([bestCompression(database), work.store.mustBeWritable()]);
    return await withAdvisoryLock(database, "backup", async () => {
      const found = { compression, ...(await lookAround(work)) };
      const taken = await take(work, found);
      if (taken !== undefined) await retire(work, found, taken);
      return taken;
    });
  } catch (error) {
    const why = complaint(signal.aborted ? signal.reason : error);
    throw new Refusal(
      `No backup was taken: ${[why, ...(await lockedWhile(database, why))].join("; ")}.\nThe database and the earlier backups are untouched.\nNext: fix the cause, then run the same command again.`,
    );
  }
}

/** Matches the server's error when a table stayed locked: the count has a limit for locks, pg_dump one for statements. */
const WAITED = /canceling statement due to (lock|statement) timeout/;

/**
 * Gives the sessions that still lock the tables; none where the server cannot be asked, so that the failure is
 * reported.
 */
async function lockedWhile(database: Database, why: string): Promise<string[]> {
  return WAITED.test(why) ? unlessDockerFails(lockedTables(database), []) : [];
}

/**
 * Reads the backups and the history, and removes what a killed run left. All at once, because each `docker exec` takes a
 * tenth of a second.
 */
async function lookAround({ database, store }: Work): Promise<Omit<Found, "compression">> {
  const [{ removed, contents }, history] = await Promise.all([
    store.open(),
    readHistory(database),
    database.endSessions(APPLICATION),
  ]);
  reportRemoved(removed);
  return { ...contents, history };
}

async function take(work: Work, found: Found): Promise<BackupManifest | undefined> {
  const { database, signal } = work;
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
    return await writeBackup(work, { ...found, session, snapshot, freeBytes: disks.backups.freeBytes });
  } finally {
    await session.close();
  }
}

/** Removes old backups. If one cannot be removed, a line says so; the new backup has succeeded nevertheless. */
async function retire({ store, request }: Work, { backups, history }: Found, taken: BackupManifest): Promise<void> {
  const { keep, spare = [] } = request;
  if (keep === undefined) return;
  try {
    const retired = retiredBackups([...backups, taken], keep, history).filter((id) => !spare.includes(id));
    for (const id of retired) await store.remove(id);
    if (retired.length > 0)
      say(`removed ${retired.join(", ")}: the newest ${keep} are kept, and what a rollback needs`);
  } catch (error) {
    say(`Old backups could not be removed: ${complaint(error)}`);
  }
}
