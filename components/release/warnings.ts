import semver from "semver";
import { parseBackupId } from "./backup-id";
import { newestBackup } from "./backups";
import { configRm, configSet } from "./commands";
import { isNewest, isSpent } from "./history";
import { namedBackup, type PlanSettings, type Situation } from "./situation";
import type { Strategy } from "./strategy";
import { duration } from "./units";

/** What should be known, and is no reason to refuse. */
export function warningsOf(situation: Situation, strategy: Strategy): string[] {
  return [
    ...orderUnknown(situation),
    ...sideBySide(situation, strategy),
    ...schemaStaysAhead(situation),
    ...olderBackup(situation),
    ...leftOver(situation),
    ...unreadableStops(situation),
    ...clockBehind(situation),
    ...notRunning(situation),
  ];
}

/** Stopped or removed by hand: the engine's state does not know, and a plain update would leave it so. */
function notRunning({ facts, settings, step, served }: Situation): string[] {
  if (facts === undefined || (step === "install" && !served)) return [];
  if (facts.containers.length === 0)
    return [
      "the Docker host has no container of this stack: if they were removed by hand, pulumi up --refresh makes them again; if it is the wrong host, mend nestfleet:dockerHost",
    ];
  const wanted = ["postgres", "api", "console", "caddy", ...(settings.worker?.enabled === true ? ["worker"] : [])];
  return wanted
    .filter((role) => !facts.containers.some((container) => container.role === role && container.running))
    .map(
      (role) =>
        `no ${role} runs, though it should; pulumi up starts what was stopped, pulumi up --refresh also brings back what was removed`,
    );
}

/** Tags without numbers are ordered by what is on the host. */
function orderUnknown({ facts, step, from, to }: Situation): string[] {
  const numbered = from?.semver !== undefined && to.semver !== undefined;
  return facts === undefined && step !== "restart" && from !== undefined && !numbered
    ? [`whether ${from.tag} → ${to.tag} goes up or back cannot be told without the host`]
    : [];
}

/** A rolling update lets the old version serve on the new schema until the new one has proved itself. */
function sideBySide({ schema, step, from }: Situation, strategy: Strategy): string[] {
  const breaking = schema?.pending.filter(({ findings }) => findings.some(({ breaksRunning }) => breaksRunning)) ?? [];
  if (strategy !== "rolling" || step !== "upgrade" || breaking.length === 0) return [];
  return [
    `${breaking.map(({ file }) => file).join(", ")} may break ${from?.tag ?? "what runs"}, which serves until the new version has started; nestfleet:strategy recreate avoids that`,
  ];
}

/** An upgrade does not make this worse: what runs does not know these migrations either, or knows them no longer. */
function schemaStaysAhead({ schema, settings, step, to, restore }: Situation): string[] {
  const ahead = schema?.ahead ?? [];
  const told = step === "upgrade" || (step === "rollback" && settings.allowSchemaAhead);
  return told && !restore && ahead.length > 0
    ? [`${to.tag} runs on a schema that is ahead of it: it does not know ${ahead.join(", ")}`]
    : [];
}

/** A `restore` that was left over from the last rollback to the same version. */
function olderBackup({ facts, restore, step, to }: Situation): string[] {
  if (step !== "rollback") return []; // under the same version, which backup is meant was confirmed
  const newest = newestBackup(facts?.backups ?? [], to.tag);
  return restore && newest && newest.id !== restore.id
    ? [`there is a newer backup of ${to.tag} than the one that will be restored: ${newest.id}`]
    : [];
}

/** A `restore` that nothing is done with. Not right after it was carried out: then it says what is there. */
function leftOver({ facts, settings, stack, step, restore }: Situation): string[] {
  const { restore: asked } = settings;
  if (asked === undefined || restore !== undefined || isNewest(facts?.history ?? [], asked)) return [];
  if (namedBackup(settings) === undefined || step === "upgrade" || step === "install")
    return [`restore ${asked} is left over and does nothing: ${configRm(stack, "restore")}`];
  if (step === "restart") return notPutBack(asked, facts, settings, stack);
  return facts === undefined ? [`what the restore of ${asked} loses cannot be told without the host`] : [];
}

/** Under the version that runs, data are put back once per confirmation. */
function notPutBack(asked: string, facts: Situation["facts"], { confirmRestore }: PlanSettings, stack: string) {
  if (confirmRestore === undefined)
    return [
      `restore ${asked} does nothing without a confirmation, the version stays: ${configSet(stack, "confirmRestore", "WORD")}`,
    ];
  return isSpent(facts?.history ?? [], asked, confirmRestore)
    ? [`restore ${asked} was carried out with confirmRestore ${confirmRestore}; another word does it once more`]
    : [`whether the restore of ${asked} is still to be done cannot be told before the database answers`];
}

function unreadableStops({ facts }: Situation): string[] {
  const unreadable = facts?.target?.requiredStops.filter((stop) => semver.valid(stop) === null) ?? [];
  return unreadable.length > 0
    ? [`the image's required stops cannot be read as versions and do not count: ${unreadable.join(", ")}`]
    : [];
}

/** Clocks are set back by seconds without harm. */
const TOLERATED_SECONDS = 300;

/** No refusal: an upgrade may be what is needed, and a backup's id is kept above the newest whatever the clock says. */
function clockBehind({ facts }: Situation): string[] {
  const newest = newestBackup(facts?.backups ?? []);
  if (facts === undefined || newest === undefined) return [];
  const behind = (parseBackupId(newest.id)?.seconds ?? 0) - facts.clock;
  return behind > TOLERATED_SECONDS
    ? [
        `the clock of the Docker host is ${duration(behind)} behind the newest backup (${newest.id}): set it, timedatectl shows it`,
      ]
    : [];
}
