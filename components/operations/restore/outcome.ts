import type { BackupManifest, Proof } from "../../release/records/manifest";
import { lastProof } from "../../release/records/backups";
import { complaint, type Database } from "../../host/database/database";
import { reasonIn } from "../history/record";
import { Refusal, say } from "../../host/output";
import { Store } from "../../host/backups/store";

/** Refuses a backup for a fault of its own: no other server and no second try will restore it. */
export class Unrestorable extends Refusal {}

/** What a restore has needed. */
export type Needed = Pick<Proof, "way" | "megabytes">;

/** A restore whose outcome is written into the manifest of its backup. */
interface Recorded {
  /** The database's container that has the backups. */
  readonly live: Database;
  readonly manifest: BackupManifest;
  readonly purpose: Proof["by"];
}

/**
 * Restores a backup in the way in which the last one could be restored, and writes the outcome into its manifest, from
 * which a plan knows whether there is a backup that can be relied on. Gives the seconds of the restore.
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
 * A manifest that cannot be written changes nothing of the outcome. The key is asked for again: an update that went on
 * beside the restore may have given the stack its first one.
 */
async function amend(live: Database, { id }: BackupManifest, learned: Parameters<Store["amend"]>[1]): Promise<void> {
  await new Store(live).amend(id, learned).catch((error: unknown) => {
    say(`The manifest of ${id} could not be written: ${complaint(error)}`);
  });
}
