import { z } from "zod";
import { BACKUPS_PATH, parseBackupId, RESTORE_STATE } from "../../release/records/backup-id";
import { docker as dockerCommand } from "../../release/commands";
import { imageIds } from "../../release/records/image-identity";
import { parseJson } from "../../release/records/json";
import { replacedAtByName } from "../../release/records/replaced";
import { isTag } from "../../release/version";
import { isStandIn } from "../../release/interim";
import { confirmation } from "../../settings/restore";
import { foreign } from "../../host/docker/inspection";
import type { Database } from "../../host/database/database";
import { isPointer } from "../../host/routing/pointers";
import { Refusal } from "../../host/output";

/** The database that a restore makes; one that is found was left by a run that was killed, and nobody's data. */
export const RESTORING = "nestfleet_restoring";

const tag = z.string().refine(isTag, "no tag of a release");
const id = z.string().refine((text) => parseBackupId(text) !== undefined, "no id of a backup");
const keptDatabase = z.string().refine((name) => replacedAtByName(name) !== undefined, "no name of a kept database");

/**
 * Where a restore is, for whoever comes after it was killed. It lies among the backups, where others may be able to
 * write: only what a restore of this stack itself can have written is one.
 */
export function restoreState(stack: string) {
  const container = z.string().refine((name) => isPointer(stack, name), `no container of ${stack}`);
  const pointers = z.strictObject({ api: container, console: container });
  return z.strictObject({
    /**
     * `restoring`: beside the live database, which serves. `exchanging`: writers are stopped, names may have been changed.
     * `opening`: they have, and requests may have been sent to the restored data; the proxy knows. `serving`: they have,
     * and there is only something to clear away.
     */
    step: z.enum(["restoring", "exchanging", "opening", "serving"]),
    /** Id of the backup; null when a kept database is brought back. */
    backup: id.nullable(),
    /** Tag of the release that served; null when nothing did. */
    from: tag.nullable(),
    to: tag,
    /** The database that becomes the live one, and the name that the live one gets. */
    incoming: z.literal(RESTORING).or(keptDatabase),
    replaced: keptDatabase,
    /** Who took the requests before, and who does afterwards. */
    before: pointers,
    after: pointers,
    /** Containers that were made for it, by name. */
    standIns: z.array(container.refine(isStandIn, "no container that a restore makes")),
    /** Which start of the Docker host it was: one that has lost its power may have lost what the proxy knew. */
    boot: z.guid().optional(),
    /** Id of the image of each service that serves. */
    images: imageIds,
    /** With which word an operator has asked for it. */
    confirmation: confirmation().optional(),
    /** Id of the backup of what was live, where one was taken for this. */
    taken: id.optional(),
    /** How long requests have waited; known once the restored data serve. */
    holdSeconds: z.number().nonnegative().optional(),
    /** ISO 8601, UTC. */
    started: z.iso.datetime(),
  });
}
export type RestoreState = z.infer<ReturnType<typeof restoreState>>;

const WRITE = `
  umask 077
  rm -f "$1.new"
  printf '%s\\n' "$3" >"$1.new"
  sync "$1.new"
  mv "$1.new" "$1"
  sync "$2"`;

/** On the disk before anything is done that it tells of; as an argument, which cannot end half-way as an input can. */
export async function writeState(database: Database, stack: string, state: RestoreState): Promise<void> {
  const text = JSON.stringify(restoreState(stack).parse(state));
  await database.shell(WRITE, [RESTORE_STATE, BACKUPS_PATH, text]);
}

/** Of a link it is not what it leads to that counts. */
const READ = 'if [ -L "$1" ]; then echo "a link"; elif [ -f "$1" ]; then cat "$1"; fi';

/**
 * Undefined when no restore is under way, and none was killed. Refuses what is not a restore's own, or names a container
 * of somebody else: the next run would obey it with all the power that it has over the Docker host.
 */
export async function readState(database: Database, stack: string): Promise<RestoreState | undefined> {
  const text = await database.shell(READ, [RESTORE_STATE]);
  if (text === "") return undefined;
  const { data: state, error } = restoreState(stack).safeParse(parseJson(text));
  if (state === undefined) {
    const faults = error.issues.map(({ path, message }) => [path.join("."), message].filter(Boolean).join(": "));
    throw notOurs(database, faults.join("; "));
  }
  const { before, after, standIns } = state;
  const named = [...new Set([...standIns, ...Object.values(before), ...Object.values(after)])];
  const others = await foreign(database.docker, stack, named);
  if (others.length > 0) throw notOurs(database, `${others.join(", ")} is no container of ${stack}`);
  return state;
}

function notOurs({ docker, container }: Database, faults: string): Refusal {
  const command = (words: string) => dockerCommand(docker.host, `exec ${container} ${words} ${RESTORE_STATE}`);
  return new Refusal(
    `${RESTORE_STATE} tells of a restore that was killed, and is not as a restore writes it (${faults}). Nothing was touched.
Whoever can write where the backups lie may have put it there. To look at it: ${command("cat")}
Next: once nothing of it is needed, ${command("rm")}; then run the same again.`,
  );
}

/** Differs with each start of the Docker host: https://www.kernel.org/doc/html/latest/admin-guide/sysctl/kernel.html */
export async function bootId(database: Database): Promise<string> {
  return (await database.shell("cat /proc/sys/kernel/random/boot_id")).trim();
}

export async function clearState(database: Database): Promise<void> {
  await database.shell('rm -f "$1"; sync "$2"', [RESTORE_STATE, BACKUPS_PATH]);
}
