import { namesOf } from "../names";
import type { Place } from "../facts";
import { newestBackup } from "../records/backups";
import { configRm, configSetPath, docker, shellWord } from "../commands";
import type { GuardProblem } from "./problem";
import type { PlanContext } from "../plan-context";

/** The present and the future place of the backups; undefined where they stay. */
function moved({ facts, settings, stack }: PlanContext): { from: Place; to: Place } | undefined {
  const from = facts?.backupPlace;
  if (from === undefined) return undefined;
  const { directory, volume } = settings.backups;
  const to = directory === undefined ? { volume: volume ?? namesOf(stack).volumes.backups } : { directory };
  return spelled(from) === spelled(to) ? undefined : { from, to };
}

/** Says which backups stay behind when the place changes, and how to copy them. */
export function backupsMoved(context: PlanContext): string[] {
  const places = moved(context);
  if (places === undefined) return [];
  const { facts, settings } = context;
  const backups = facts?.backups ?? [];
  const newest = newestBackup(backups);
  const left =
    newest === undefined
      ? "the old place has no backup"
      : `${backups.length} ${backups.length === 1 ? "backup stays" : "backups stay"} there, the newest ${newest.id}, and a rollback to one of them needs it in the new place`;
  const mounts = `-v ${source(places.from)}:/from:ro -v ${source(places.to)}:/to`;
  const copy = `run --rm --entrypoint cp ${mounts} ${settings.images.postgres} -an /from/. /to/`;
  return [
    `backups move from the ${spelled(places.from)} to the ${spelled(places.to)}; ${left}`,
    ...(newest === undefined ? [] : [`to copy them: ${docker(settings.dockerHost, copy)}`]),
  ];
}

/**
 * Refuses to move and restore in one update: the backup to restore, and the record of earlier restores, lie in the old
 * place, and the update would look for both in the new one.
 */
export function movedWhileRestoring(context: PlanContext): GuardProblem | undefined {
  const places = moved(context);
  const { settings, stack } = context;
  const restores = context.restore !== undefined || (settings.restore ?? settings.confirmRestore) !== undefined;
  if (places === undefined || !restores) return undefined;
  const keys = (["restore", "confirmRestore"] as const).filter((key) => settings[key] !== undefined);
  return {
    title: `backups cannot move to the ${spelled(places.to)} while the config names one to restore`,
    why: `backups, and the record of what was restored, lie in the ${spelled(places.from)}`,
    fix: [
      `move first, and restore later: ${keys.map((key) => configRm(stack, key)).join(" && ")}`,
      "or restore first: leave nestfleet:backups as it was",
    ],
  };
}

function spelled(place: Place): string {
  return "volume" in place ? `volume ${place.volume}` : `directory ${place.directory}`;
}

function source(place: Place): string {
  return shellWord("volume" in place ? place.volume : place.directory);
}

/** Docker does not mount a directory that does not exist: postgres would be stopped, and could not start again. */
export function backupDirectoryUnusable({ facts, stack }: PlanContext): GuardProblem | undefined {
  if (facts?.backupDirectory === undefined) return undefined;
  const { path, fault } = facts.backupDirectory;
  return {
    title: `backups cannot be written to ${path}`,
    why: `nestfleet:backups.directory is a directory of the Docker host; ${fault}`,
    fix: [
      `on the Docker host: mkdir -p ${shellWord(path)}`,
      `or name another one: ${configSetPath(stack, "backups.directory", "DIRECTORY")}`,
    ],
  };
}
