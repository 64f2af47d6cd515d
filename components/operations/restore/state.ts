import { isInterim, RESTORING } from "../../release/names";
import { z } from "zod";
import { BACKUPS_PATH, parseBackupId, RESTORE_STATE } from "../../release/records/backup-id";
import { docker as dockerCommand } from "../../release/commands";
import { imageIds } from "../../release/records/image-identity";
import { parseJson } from "../../release/records/json";
import { replacedAtByName } from "../../release/records/replaced";
import { isTag } from "../../release/version";
import { confirmation } from "../../settings/restore";
import { foreign } from "../../host/docker/containers";
import type { Database } from "../../host/database/database";
import { isRoute } from "../../host/routing/routing";
import { Refusal } from "../../host/output";

const tag = z.string().refine(isTag, "no tag of a release");
const id = z.string().refine((text) => parseBackupId(text) !== undefined, "no id of a backup");
const replacedDatabase = z
  .string()
  .refine((name) => replacedAtByName(name) !== undefined, "no name of a replaced database");

/**
 * The file that says how far a restore is, for the run that comes after a killed one. It lies among the backups, where
 * others may be able to write: it must be as only a restore of this stack itself can have written it.
 */
function writtenState(stack: string) {
  const container = z.string().refine((name) => isRoute(stack, name), `no container of ${stack}`);
  const pointers = z.strictObject({ api: container, console: container });
  return z.strictObject({
    /**
     * `restoring`: beside the live database, which serves. `exchanging`: writers are stopped, names may have been changed.
     * `opening`: they have, and requests may have been sent to the restored data; the proxy knows. `serving`: they have,
     * and there is only something to clear away.
     */
    step: z.enum(["restoring", "exchanging", "opening", "serving"]),
    /** Id of the backup; null when a replaced database is brought back. */
    backup: id.nullable(),
    /** Tag of the release that served; null when nothing did. */
    from: tag.nullable(),
    to: tag,
    /** The database that becomes the live one, and the name that the live one gets. */
    incoming: z.literal(RESTORING).or(replacedDatabase),
    replaced: replacedDatabase,
    /** The containers that took the requests before, and those that do afterwards. */
    before: pointers,
    after: pointers,
    /** The interim containers. */
    standIns: z.array(container.refine(isInterim, "no container that a restore makes")),
    /** Which start of the Docker host it was: a host that has lost its power may have lost what the proxy knew. */
    boot: z.guid().optional(),
    /** Id of the image of each service that serves. */
    images: imageIds,
    /** The word with which an operator has asked for it. */
    confirmation: confirmation().optional(),
    /** Id of the backup of what was live, where one was taken for this. */
    taken: id.optional(),
    holdSeconds: z.number().nonnegative().optional(),
    /** ISO 8601, UTC. */
    started: z.iso.datetime(),
  });
}
type Written = z.infer<ReturnType<typeof writtenState>>;

/** How far a restore is. Two names are others in the file, which a program of before may have written. */
export interface RestoreState extends Readonly<Omit<Written, "standIns" | "holdSeconds">> {
  /** Names of the interim containers; in the file `standIns`. */
  readonly interims: readonly string[];
  /** How long requests were held; known once the restored data serve. In the file `holdSeconds`. */
  readonly heldSeconds?: number | undefined;
}

/** Gives what the file has for a state of a restore of that stack. */
export function formatState(stack: string, { interims, heldSeconds, ...state }: RestoreState): string {
  return JSON.stringify(writtenState(stack).parse({ ...state, standIns: interims, holdSeconds: heldSeconds }));
}

/** Reads the file; gives the faults of one that no restore of that stack has written. */
export function parseState(stack: string, text: string): RestoreState | string {
  const { data, error } = writtenState(stack).safeParse(parseJson(text));
  if (error !== undefined)
    return error.issues.map(({ path, message }) => [path.join("."), message].filter(Boolean).join(": ")).join("; ");
  const { standIns, holdSeconds, ...state } = data;
  return { ...state, interims: standIns, heldSeconds: holdSeconds };
}

const WRITE = `
  umask 077
  rm -f "$1.new"
  printf '%s\\n' "$3" >"$1.new"
  sync "$1.new"
  mv "$1.new" "$1"
  sync "$2"`;

/** It is on the disk before anything is done that it says. As an argument, because an input can end half-way. */
export async function writeState(database: Database, stack: string, state: RestoreState): Promise<void> {
  await database.shell(WRITE, [RESTORE_STATE, BACKUPS_PATH, formatState(stack, state)]);
}

/** A restore on its way, which is written down at each step. */
export class Progress {
  private constructor(
    private readonly database: Database,
    private readonly stack: string,
    private reached: RestoreState,
  ) {}

  /** From here on the next run finds a restore that is killed. */
  public static async begin(database: Database, stack: string, state: RestoreState): Promise<Progress> {
    await writeState(database, stack, state);
    return new Progress(database, stack, state);
  }

  public get state(): RestoreState {
    return this.reached;
  }

  /** Goes on to a step. It counts as reached before it is written: a write that failed may have come to the disk. */
  public async enter(step: RestoreState["step"], learned: Pick<RestoreState, "heldSeconds"> = {}): Promise<void> {
    this.reached = { ...this.reached, ...learned, step };
    await writeState(this.database, this.stack, this.reached);
  }
}

/** A link is not followed: what it leads to is not a restore's own. */
const READ = 'if [ -L "$1" ]; then echo "a link"; elif [ -f "$1" ]; then cat "$1"; fi';

/** True when a restore is under way, or was killed: also when its state is not as a restore writes it. */
export async function hasBegun(database: Database): Promise<boolean> {
  return (await database.shell(READ, [RESTORE_STATE])) !== "";
}

/**
 * Undefined when no restore is under way, and none was killed. Refuses a file that is not a restore's own, or that names a
 * container of another stack: the next run would obey it with all the power that it has over the Docker host.
 */
export async function readState(database: Database, stack: string): Promise<RestoreState | undefined> {
  const text = await database.shell(READ, [RESTORE_STATE]);
  if (text === "") return undefined;
  const state = parseState(stack, text);
  if (typeof state === "string") throw notOurs(database, state);
  const { before, after, interims } = state;
  const named = [...new Set([...interims, ...Object.values(before), ...Object.values(after)])];
  const others = await foreign(database.docker, stack, named);
  if (others.length > 0) throw notOurs(database, `${others.join(", ")} is no container of ${stack}`);
  return state;
}

function notOurs({ docker, container }: Database, faults: string): Refusal {
  const command = (words: string) => dockerCommand(docker.host, `exec ${container} ${words} ${RESTORE_STATE}`);
  return new Refusal(
    `${RESTORE_STATE} tells of a restore that was killed, and is not as a restore writes it (${faults}). Nothing was touched.
A person who can write where the backups lie may have put it there. To look at it: ${command("cat")}
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
