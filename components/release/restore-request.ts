import { HostFacts } from "./facts";
import { PlanSettings, LastUpdate } from "./plan-context";
import { parseBackupId } from "./records/backup-id";
import { isSpent } from "./records/history";

/**
 * The backup that the config names, when its id is of this very release: whether it exists is another question. A
 * leftover of another release does not count.
 */
export function namedBackup({ restore, version }: Pick<PlanSettings, "restore" | "version">): string | undefined {
  return restore !== undefined && parseBackupId(restore)?.version === version.tag ? restore : undefined;
}

/**
 * True when the config asks to put the data back under the version that runs: by a `confirmRestore` that is not used
 * up, as the history has it, and the last update's outputs. Where the history cannot be read that is not known, and nothing is
 * put back.
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

/** Whether the data were put back under the word that the config has, as far as that is known. */
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
 * Whether there are backups, broken ones included, without the history that an installation begins. Then it is not known
 * which restore was done already.
 */
export function hasLostHistory({
  history,
  backups,
  future = [],
  broken = [],
}: Pick<HostFacts, "history" | "backups" | "future" | "broken">): boolean {
  return history?.length === 0 && [...backups, ...future, ...broken].length > 0;
}
