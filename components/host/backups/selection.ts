import { backupNamed, brokenNamed, futureTold } from "../../release/records/backups";
import { BACKUPS_PATH } from "../../release/records/backup-id";
import type { BackupManifest } from "../../release/records/manifest";
import type { Database } from "../database/database";
import { Refusal, say } from "../output";
import type { Contents } from "./contents";
import { Store } from "./store";

/** Stands for the backup that was taken last, where a request names a backup. */
const NEWEST = "newest";

/**
 * Selects the named backup, or the newest when none is named. A newest backup that cannot be relied on is refused, not
 * skipped: an operator who asks for the newest wants to know whether the last backup can be restored.
 */
export function selectBackup(contents: Contents, asked: string | undefined): BackupManifest {
  const { broken, newest } = contents;
  const id = asked === undefined || asked === NEWEST ? newest : asked;
  if (id === undefined) throw new Refusal("there is no backup yet; take one: scripts/backup.sh");
  const found = backupNamed(contents, id);
  if (found !== undefined) return found;
  const damage = brokenNamed(broken, id);
  if (damage !== undefined) throw new Refusal(`the backup cannot be relied on: ${damage}`);
  throw new Refusal(`there is no backup ${id}; the newest is ${newest ?? "none"}`);
}

/** Selects one of the backups that the database's container sees now. */
export async function findBackup(database: Database, asked: string | undefined): Promise<BackupManifest> {
  return selectBackup(await new Store(database).list(), asked);
}

/** Reports each file that looks like a backup and does not count as one. */
export function reportPassedOver({ broken, future }: Contents): void {
  for (const file of broken) say(`${BACKUPS_PATH}/${file}; it does not count as a backup`);
  for (const line of futureTold(future)) say(line);
}
