import type { BackupManifest, Proof } from "../../release/records/manifest";
import { lastProof } from "../../release/records/backups";
import { complaint, type Database } from "../../host/database/database";
import { reasonIn } from "../history/record";
import { Refusal, say } from "../../host/output";
import { Store } from "../../host/backups/store";

/** Refuses a backup for a fault of the backup itself: no other server and no second attempt can restore it. */
export class Unrestorable extends Refusal {}

/** The way of a successful restore, and the memory that it needed for an index. */
export type Needed = Pick<Proof, "way" | "megabytes">;

/** A restore whose outcome is written into the manifest of its backup. */
interface Recorded {
  /** The database's container that has the backups. */
  readonly live: Database;
  readonly manifest: BackupManifest;
  readonly purpose: Proof["by"];
}

/**
 * Restores a backup in the way in which it, or the last backup, could be restored before. Writes the outcome into its
 * manifest, by which a plan knows whether the backup can be relied on. Gives the seconds of the restore.
 */
export async function recordOutcome(
  { live, manifest, purpose }: Recorded,
  restore: (known: Needed | undefined) => Promise<Needed>,
): Promise<number> {
  const started = Date.now();
  const { proven } = manifest;
  const about = () => ({ at: new Date().toISOString(), by: purpose });
  try {
    const needed = await restore(proven ?? lastProof((await new Store(live).list()).backups));
    const seconds = (Date.now() - started) / 1000;
    await amend(live, manifest, { disproven: undefined, proven: { ...about(), ...needed, seconds } });
    return seconds;
  } catch (error) {
    if (error instanceof Unrestorable) {
      const reason = reasonIn(error.message);
      await amend(live, manifest, { disproven: { ...about(), reason } });
    }
    throw error;
  }
}

/**
 * Writes into the manifest. If that fails, a line says so, and the outcome stands. The store is opened anew, because an
 * update that ran beside the restore may have given the stack its first key.
 */
async function amend(live: Database, { id }: BackupManifest, learned: Parameters<Store["amend"]>[1]): Promise<void> {
  await new Store(live).amend(id, learned).catch((error: unknown) => {
    say(`The manifest of ${id} could not be written: ${complaint(error)}`);
  });
}
