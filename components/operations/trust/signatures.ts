import { complaint, type Database } from "../../host/database/database";
import { withAdvisoryLock } from "../../host/database/advisory-lock";
import { mustBeIntact } from "../../host/backups/dump-check";
import { Refusal, say } from "../../host/output";
import { selectBackup } from "../../host/backups/selection";
import { Store } from "../../host/backups/store";

/**
 * Signs the backups that an older program has taken without signatures, and gives how many. A backup with another signature
 * is never signed: another stack has written it, or it was changed.
 */
export async function signThoseOfBefore(database: Database): Promise<number> {
  const store = new Store(database);
  if ((await store.list()).unsigned.length === 0) return 0;
  return withAdvisoryLock(database, "backup", async () => {
    let count = 0;
    for (const id of (await store.list()).unsigned) {
      const found = await store.read(id);
      if (found === undefined || found.manifest.signature !== undefined) continue;
      await store.sign(found);
      count++;
    }
    return count;
  });
}

/** Signs a backup that an operator accepts as the stack's own, if its dump is what its manifest says. */
export async function signTrusted(database: Database, id: string, signal: AbortSignal): Promise<void> {
  const store = new Store(database);
  const { key } = await store.signer();
  if (key === undefined)
    throw new Refusal(
      `${database.container} has no key to sign with, so that every backup counts. The next update makes a key, and signs the backups.`,
    );
  const contents = await store.list();
  const found = contents.unsigned.includes(id) ? await store.read(id) : undefined;
  if (found === undefined) {
    say(`${selectBackup(contents, id).id} is signed by this stack already`);
    return;
  }
  try {
    await mustBeIntact(database, found.manifest, signal);
    await withAdvisoryLock(database, "backup", () => store.sign(found));
  } catch (error) {
    throw new Refusal(`${id} was not signed: ${complaint(signal.aborted ? signal.reason : error)}.`);
  }
  say(`${id} counts as a backup of this stack from now on; its dump was read and compared`);
}
