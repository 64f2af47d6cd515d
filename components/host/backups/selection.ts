import { backupNamed } from "../../release/records/backups";
import type { BackupManifest } from "../../release/records/manifest";
import { Refusal } from "../output";
import type { Contents } from "./store";

/**
 * The named backup, or the newest. A newest one that cannot be relied on is told, not passed over: whoever asks for the
 * newest wants to know whether what was backed up last can be restored.
 */
export function select(contents: Contents, asked: string | undefined): BackupManifest {
  const { broken, newest } = contents;
  const id = asked ?? newest;
  if (id === undefined) throw new Refusal("there is no backup yet; take one: scripts/backup.sh");
  const found = backupNamed(contents, id);
  if (found !== undefined) return found;
  const damage = broken.find((file) => file.startsWith(`${id}.`));
  if (damage !== undefined) throw new Refusal(`the backup cannot be relied on: ${damage}`);
  throw new Refusal(`there is no backup ${id}; the newest is ${newest ?? "none"}`);
}
