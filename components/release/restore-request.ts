import { HostFacts } from "./facts";
import { PlanSettings, LastUpdate } from "./plan-context";
import { parseBackupId } from "./records/backup-id";
import { isSpent } from "./records/history";

/**
 * Gives the backup that the config names, when its id has the target version; the backup need not exist. A backup of
 * another release, left over in the config, does not count.
 */
export function namedBackup({ restore, version }: Pick<PlanSettings, "restore" | "version">): string | undefined {
  return restore !== undefined && parseBackupId(restore)?.version === version.tag ? restore : undefined;
}

/**
 * True when the config asks to restore the data under the running version, with a `confirmRestore` that is not used up.
 * The history and the last update's outputs say which ones are used up. Where the history cannot be read, this is false
 * and nothing is restored.
 */
export function asksForData(
  settings: Pick<PlanSettings, "restore" | "version" | "confirmRestore">,
  facts: Pick<HostFacts, "database" | "history" | "backups" | "future" | "broken"> | undefined,
  last: Pick<LastUpdate, "restored">,
): boolean {
  if (namedBackup(settings) === undefined || settings.confirmRestore === undefined) return false;
  if (facts?.database === undefined || facts.history === undefined || hasLostHistory(facts)) return false;
  return !wasPutBack(settings, facts, last);
}

/** Whether the data were already restored under the confirmation word in the config, as far as that is known. */
export function wasPutBack(
  settings: Pick<PlanSettings, "restore" | "version" | "confirmRestore">,
  facts: Pick<HostFacts, "history"> | undefined,
  { restored }: Pick<LastUpdate, "restored">,
): boolean {
  const backup = namedBackup(settings);
  const { confirmRestore } = settings;
  if (backup === undefined || confirmRestore === undefined) return false;
  if (restored?.backup === backup && restored.confirmation === confirmRestore) return true;
  return isSpent(facts?.history ?? [], backup, confirmRestore);
}

/**
 * True when there are backups, broken ones included, but no history, which every installation has. Then it is not known
 * which restores were already done.
 */
export function hasLostHistory({
  history,
  backups,
  future = [],
  broken = [],
}: Pick<HostFacts, "history" | "backups" | "future" | "broken">): boolean {
  return history?.length === 0 && [...backups, ...future, ...broken].length > 0;
}
