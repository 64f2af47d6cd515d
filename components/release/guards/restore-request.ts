import { configRm, configSet, docker, keepVersion, script, up, upRefresh } from "../commands";
import { LABELS, namesOf } from "../names";
import { compareBackupIds } from "../records/backup-id";
import { newestBackup } from "../records/backups";
import { isNewest, newestChange } from "../records/history";
import { type PlanContext } from "../plan-context";
import { asksForData, hasLostHistory, namedBackup, wasPutBack } from "../restore-request";
import type { GuardProblem } from "./problem";

/**
 * Without the running release it is not known whether the rollback was already carried out, and a second restore would
 * remove what users have written since.
 */
export function servingUnknown({ facts, settings, stack, step, from }: PlanContext): GuardProblem | undefined {
  if (facts?.database === undefined || facts.serving !== undefined) return undefined;
  if (step !== "rollback" || namedBackup(settings) === undefined) return undefined;
  return {
    title: "the running release cannot be determined",
    why: `${namesOf(stack).containers.caddy}, which knows it, does not answer or names a container that does not exist; a restore could take away what was written since`,
    fix: [
      `look first: ${docker(settings.dockerHost, `ps --all --filter label=${LABELS.stack}=${stack}`)}`,
      `or continue without the restore: ${configRm(stack, "restore")} && ${upRefresh(stack)}`,
      ...(from ? [`${keepVersion(stack, from.tag)} && ${upRefresh(stack)}`] : []),
    ],
  };
}

/**
 * Refuses a config that still asks for a rollback that an operator has undone by hand: the next update, whatever its
 * purpose, would remove the rows that the undo has brought back. Once the config was applied without the rollback, the
 * same request counts as a new one.
 */
export function rollbackUndone({
  facts,
  settings,
  stack,
  step,
  last,
  from,
  to,
}: PlanContext): GuardProblem | undefined {
  const named = namedBackup(settings);
  const newest = newestChange(facts?.history ?? []);
  if (step !== "rollback" || named === undefined || newest?.kind !== "undo" || last.version !== to.tag)
    return undefined;
  if (asksForData(settings, facts, last)) return undefined;
  const back = from?.tag ?? newest.to;
  return {
    title: `the rollback to ${to.tag} was undone, and the config still asks for it`,
    why: `${newest.operator} brought ${newest.to} and its data back at ${newest.at}`,
    fix: [
      `keep them: ${configSet(stack, "version", back)} && ${configRm(stack, "restore")}`,
      `or roll back once more: ${configSet(stack, "confirmRestore", "A-NEW-WORD")} && ${up(stack)}`,
    ],
  };
}

/** Warns of a `restore` that may be left over from an earlier rollback to the same version. */
export function olderBackup({ facts, restore, step, to }: PlanContext): string[] {
  if (step !== "rollback") return []; // under the same version, the operator has confirmed the backup
  const newest = newestBackup(facts?.backups ?? [], to.tag);
  return restore && newest && compareBackupIds(newest.id, restore.id) > 0
    ? [`there is a newer backup of ${to.tag} than the one that will be restored: ${newest.id}`]
    : [];
}

/**
 * Warns of a `restore` that has no effect; not right after it was carried out, because then it names the data that are
 * there.
 */
export function restoreLeftOver(context: PlanContext): string[] {
  const { facts, settings, stack, step, restore } = context;
  const { restore: asked } = settings;
  if (asked === undefined || restore !== undefined || isNewest(facts?.history ?? [], asked)) return [];
  if (namedBackup(settings) === undefined || step === "upgrade" || step === "install")
    return [`restore ${asked} is left over and does nothing: ${configRm(stack, "restore")}`];
  if (step === "restart") return notPutBack(asked, context);
  return facts === undefined ? [`what the restore of ${asked} loses is not known without the Docker host`] : [];
}

/** Under the running version, data are restored once per confirmation word. */
function notPutBack(asked: string, { facts, settings, stack, last }: PlanContext): string[] {
  const { confirmRestore: word, dockerHost } = settings;
  if (word === undefined)
    return [
      `restore ${asked} does nothing without a confirmation, the version stays: ${configSet(stack, "confirmRestore", "WORD")}`,
    ];
  if (wasPutBack(settings, facts, last))
    return [`restore ${asked} was carried out with confirmRestore ${word}; to restore it once more, set another word`];
  if (facts?.database === undefined || !hasLostHistory(facts))
    return [`whether ${asked} was restored already is not known until the database answers`];
  return [
    `history.jsonl is missing beside the backups: whether ${asked} was restored already is not known, so the data stay as they are; ` +
      `copy the file from the place that the backups come from, or restore the data by hand: ${script({ name: "restore", stack, host: dockerHost, options: [asked] })}`,
  ];
}
