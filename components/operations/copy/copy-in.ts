import { BACKUPS_PATH } from "../../release/records/backup-id";
import { checksum } from "../../host/backups/dump-check";
import { MIGRATIONS_TABLE } from "../../release/records/tables";
import { backupNamed } from "../../release/records/backups";
import { script, shellWord, trust } from "../../release/commands";
import { neededBytes } from "../../release/estimate";
import { dumpFault } from "../../release/records/dump";
import type { BackupManifest } from "../../release/records/manifest";
import { size } from "../../release/units";
import { withStackLock } from "../../host/lock";
import { copiedDump, copyOf, mustBeDirectory, mustBeWhole } from "./copies";
import { complaint, type Database } from "../../host/database/database";
import { DATABASE } from "../../release/names";
import { inspectDisks } from "../../host/database/disks";
import { withAdvisoryLock } from "../../host/database/advisory-lock";
import { mustSuitServer } from "../restore/pg-restore";
import { Refusal, say } from "../../host/output";
import { Store } from "../../host/backups/store";
import { sendFile } from "./transfer";

/** A copy to bring back. */
interface Arrival {
  readonly directory: string;
  readonly id: string;
  /** True when the operator accepts a copy that another stack has signed, or a stack whose state is lost. */
  readonly trusted: boolean;
}

/**
 * Brings the copy of a backup back among the backups of a stack, on the same Docker host or on a new one: whole, or not at
 * all. The copy is read and compared before it is sent. The database is not touched. An existing backup of the same id is
 * never replaced. No backup is taken at the same time: it would remove the incomplete file as one of a killed run.
 */
export async function copyIn(
  database: Database,
  stack: string,
  { directory, id, trusted }: Arrival,
  signal: AbortSignal,
): Promise<BackupManifest> {
  await mustBeDirectory(directory);
  const found = await copyOf(directory, id);
  if (!trusted && !(await new Store(database).owns(found)))
    throw new Refusal(
      `The copy of ${id} in ${directory} is not signed by this stack: another stack or a person may have written it. Nothing was copied.\n` +
        `Next: if you know that it is the stack's own: ${script({ name: "backup", stack, host: database.docker.host, options: ["--copy-from", shellWord(directory), id, "--trust"] })}`,
    );
  const { manifest } = found;
  await mustBeWhole(directory, manifest, signal);
  const bring = () =>
    withAdvisoryLock(database, "backup", () => bringIn(database, { stack, directory, manifest, signal }));
  await withStackLock(database.docker, stack, bring);
  await mustSuitServer(database, manifest).catch((error: unknown) => {
    say(`${id} cannot be restored on this server: ${complaint(error)}`);
  });
  return manifest;
}

/** A copy that was read and compared. */
interface Whole {
  readonly stack: string;
  readonly directory: string;
  readonly manifest: BackupManifest;
  readonly signal: AbortSignal;
}

async function bringIn(database: Database, { stack, directory, manifest, signal }: Whole): Promise<void> {
  const { id, bytes, sha256 } = manifest;
  const store = new Store(database);
  const { contents } = await store.open();
  if (backupNamed(contents, id)?.sha256 === sha256) {
    say(`${id} is among the backups already`);
    return;
  }
  if (contents.unsigned.includes(id))
    throw new Refusal(
      `There is a backup ${id} in ${BACKUPS_PATH} of ${database.container} already, which is not signed by this stack. Nothing was copied.\n` +
        `Next: if you know that it is the stack's own: ${trust(stack, database.docker.host, id)}`,
    );
  if (contents.ids.includes(id))
    throw new Refusal(
      `Another backup has the id ${id}, in ${BACKUPS_PATH} of ${database.container}. Nothing was copied.`,
    );
  const { freeBytes: free } = (await inspectDisks(database.docker, database.container)).backups;
  const needed = neededBytes({ dumps: bytes });
  if (free < needed)
    throw new Refusal(
      `${BACKUPS_PATH} has ${free} bytes free, and the backup needs about ${needed}. Nothing was copied.`,
    );
  const file = store.partial(id);
  try {
    await sendFile(database, copiedDump(directory, id), file, signal);
    const [arrived, sum] = await Promise.all([store.flush(file), checksum(database, file, signal)]);
    const fault = dumpFault(manifest, { bytes: arrived, sha256: sum });
    if (fault !== undefined) throw new Refusal(`what arrived is not the backup: ${fault}`);
    await mustBeOurs(database, file, manifest);
    signal.throwIfAborted();
    await store.commit(manifest);
  } catch (error) {
    await store.sweep().catch((failure: unknown) => {
      say(`The incomplete file could not be removed (${complaint(failure)}); the next backup removes it`);
    });
    const why = complaint(signal.aborted ? signal.reason : error);
    throw new Refusal(
      `${id} was not copied into ${BACKUPS_PATH} of ${database.container}: ${why}.\nNo incomplete file is left there.`,
    );
  }
  say(`${id} is among the backups of ${database.container}: ${size(bytes)}, checked`);
}

/** Refuses the dump of another database, by its table of contents: the name of its file may be right. */
async function mustBeOurs(database: Database, file: string, { migrations }: BackupManifest): Promise<void> {
  const contents = await database.shell('pg_restore --list "$1"', [file]);
  const of = /^;\s+dbname: (.*)$/m.exec(contents)?.[1] ?? "an unknown database";
  if (of !== DATABASE) throw new Refusal(`it is a dump of the database ${of}, not of ${DATABASE}`);
  if (migrations.length > 0 && !contents.includes(` ${MIGRATIONS_TABLE} `))
    throw new Refusal(`it is a dump without the table ${MIGRATIONS_TABLE}, which every database of NestFleet has`);
}
