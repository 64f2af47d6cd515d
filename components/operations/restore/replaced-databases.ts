import { REPLACED_PREFIX } from "../../release/names";
import type { DockerClient } from "../../host/docker/client";
import { hostTime } from "../../host/docker/clock";
import { replacedDatabases } from "../../host/database/inspect";
import { replacedAtByName, type ReplacedComment } from "../../release/records/replaced";
import { dropDatabase } from "../../host/database/scratch";
import { complaint, type Database } from "../../host/database/database";
import { databases } from "../../host/database/swap";
import { Refusal, say } from "../../host/output";

/** A replaced database that an undo can bring back: its comment says which release and images it is of. */
interface UndoTarget extends Pick<ReplacedComment, "version" | "images"> {
  readonly name: string;
  readonly bytes: number;
}

/** The year has four digits in a name. */
const LAST_SECOND = Date.UTC(9999, 11, 31, 23, 59, 59);

/**
 * Names the live database for the time after it is replaced. The name is later than all that there are, whatever the clock
 * says, except for a name of the last second of all, which nothing can follow.
 */
export function replacedName(now: Date, existing: readonly string[]): string {
  const taken = existing
    .map((name) => Date.parse(replacedAtByName(name) ?? "") + 1000)
    .filter((next) => next <= LAST_SECOND);
  const time = new Date(Math.max(now.getTime(), ...taken)).toISOString();
  return `${REPLACED_PREFIX}${time.replace(/[-:]|\.\d+/g, "").toLowerCase()}`;
}

/** Gives what an undo can bring back, oldest first. A database whose comment was changed does not say what it is of. */
export async function undoTargets({ docker, container }: Database): Promise<UndoTarget[]> {
  return (await replacedDatabases(docker, container)).flatMap(({ name, bytes, version, images }) =>
    version === undefined || images === undefined ? [] : [{ name, bytes, version, images }],
  );
}

/** Finds the replaced database of that name, or the newest. */
export async function findReplaced(database: Database, name: string | undefined): Promise<UndoTarget> {
  const targets = await undoTargets(database);
  const found = name === undefined ? targets.at(-1) : targets.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new Refusal(
    `there is no replaced database${name === undefined ? "" : ` ${name}`} to bring back; kept are: ${targets.map((one) => one.name).join(", ") || "none"}`,
  );
}

/** The time of the Docker host, by which replaced databases are named: operators' machines have clocks of their own. */
export async function moment(docker: DockerClient): Promise<Date> {
  return new Date((await hostTime(docker)) ?? Date.now());
}

/**
 * Drops the databases that were replaced more than so many days ago, by their names, and gives those; one in use stays.
 * They must be as old by this machine's clock as by the host's, which has named them: where one of the two is wrong, or
 * the host's is not known, nothing is lost.
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
      say(`${name} cannot be dropped, and stays: ${complaint(error)}`);
    }
  }
  return dropped;
}
