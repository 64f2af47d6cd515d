import { REPLACED_PREFIX } from "../../release/names";
import type { DockerClient } from "../../host/docker/client";
import { hostTime } from "../../host/docker/clock";
import { replacedDatabases } from "../../host/database/inspect";
import { replacedAtByName, type ReplacedComment } from "../../release/records/replaced";
import { dropDatabase } from "../../host/database/scratch";
import { complaint, type Database } from "../../host/database/database";
import { databases } from "../../host/database/swap";
import { Refusal, say } from "../../host/output";

/** A previous database that an undo can bring back: its comment names its release and images. */
interface UndoTarget extends Pick<ReplacedComment, "version" | "images"> {
  readonly name: string;
  readonly bytes: number;
}

/** The last second that a name can have, because its year has four digits. */
const LAST_SECOND = Date.UTC(9999, 11, 31, 23, 59, 59);

/**
 * Names the live database for the time after it is replaced. The time in the name is later than in all existing names,
 * whatever the clock says; only a name of the last possible second cannot be followed.
 */
export function replacedName(now: Date, existing: readonly string[]): string {
  const taken = existing
    .map((name) => Date.parse(replacedAtByName(name) ?? "") + 1000)
    .filter((next) => next <= LAST_SECOND);
  const time = new Date(Math.max(now.getTime(), ...taken)).toISOString();
  return `${REPLACED_PREFIX}${time.replace(/[-:]|\.\d+/g, "").toLowerCase()}`;
}

/** Gives what an undo can bring back, oldest first; without databases whose comment was changed and names no release. */
export async function undoTargets({ docker, container }: Database): Promise<UndoTarget[]> {
  return (await replacedDatabases(docker, container)).flatMap(({ name, bytes, version, images }) =>
    version === undefined || images === undefined ? [] : [{ name, bytes, version, images }],
  );
}

/** Finds the previous database of that name, or the newest. */
export async function findReplaced(database: Database, name: string | undefined): Promise<UndoTarget> {
  const targets = await undoTargets(database);
  const found = name === undefined ? targets.at(-1) : targets.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new Refusal(
    `there is no previous database${name === undefined ? "" : ` ${name}`} to bring back; kept are: ${targets.map((one) => one.name).join(", ") || "none"}`,
  );
}

/** Gives the time of the Docker host, which names previous databases: operators' machines may have other clocks. */
export async function moment(docker: DockerClient): Promise<Date> {
  return new Date((await hostTime(docker)) ?? Date.now());
}

/**
 * Drops the databases that were replaced more than so many days ago, by their names, and gives their names; a database in
 * use stays. Both the clock of this machine and that of the Docker host, which has named them, must say so: if one of them
 * is wrong, or the Docker host's time is not known, nothing is lost.
 */
export async function pruneReplaced(database: Database, days: number): Promise<string[]> {
  const now = Math.min((await hostTime(database.docker)) ?? 0, Date.now());
  const old = (await databases(database)).filter(
    (name) => now - Date.parse(replacedAtByName(name) ?? "") > days * 86_400_000,
  );
  const dropped: string[] = [];
  for (const name of old) {
    try {
      await dropDatabase(database, name);
      dropped.push(name);
    } catch (error) {
      say(`${name} could not be dropped, and is kept: ${complaint(error)}`);
    }
  }
  return dropped;
}
