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

const tag = z.string().refine(isTag, "not the tag of a release");
const id = z.string().refine((text) => parseBackupId(text) !== undefined, "not the id of a backup");
const replacedDatabase = z
  .string()
  .refine((name) => replacedAtByName(name) !== undefined, "not the name of a previous database");

/**
 * Describes the file that says how far a restore is, for the run after a killed one. The file lies among the backups, where
 * others may be able to write. So it must have exactly the form in which a restore of this stack writes it.
 */
function writtenState(stack: string) {
  const container = z.string().refine((name) => isRoute(stack, name), `not a container of ${stack}`);
  const pointers = z.strictObject({ api: container, console: container });
  return z.strictObject({
    /**
     * `restoring`: the backup is restored beside the live database, which serves. `exchanging`: api and workers are frozen,
     * and the databases may have swapped names. `opening`: the names are swapped, and requests may go to the restored data;
     * the proxy knows. `serving`: requests go to the restored data, and only the old containers are left to be removed.
     */
    step: z.enum(["restoring", "exchanging", "opening", "serving"]),
    /** Id of the backup; null when a previous database is brought back. */
    backup: id.nullable(),
    /** Tag of the release that served; null if no release did. */
    from: tag.nullable(),
    to: tag,
    /** The database that becomes the live one, and the name that the live one gets. */
    incoming: z.literal(RESTORING).or(replacedDatabase),
    replaced: replacedDatabase,
    /** The containers that receive the requests before the restore, and after it. */
    before: pointers,
    after: pointers,
    /** The temporary containers. */
    standIns: z.array(container.refine(isInterim, "not a temporary container of a restore")),
    /** Identifies the start of the Docker host: after a power failure the proxy may have lost its active upstreams. */
    boot: z.guid().optional(),
    /** Id of the image of each service that serves. */
    images: imageIds,
    /** The text of `confirmRestore` with which the operator has confirmed the restore. */
    confirmation: confirmation().optional(),
    /** Id of the backup of the live database, if one was taken for this restore. */
    taken: id.optional(),
    holdSeconds: z.number().nonnegative().optional(),
    /** ISO 8601, UTC. */
    started: z.iso.datetime(),
  });
}
type Written = z.infer<ReturnType<typeof writtenState>>;

/** How far a restore is. Two names differ in the file, which an older program may have written. */
export interface RestoreState extends Readonly<Omit<Written, "standIns" | "holdSeconds">> {
  /** Names of the temporary containers; in the file `standIns`. */
  readonly interims: readonly string[];
  /** Seconds for which requests were held; known once the restored data serve. In the file `holdSeconds`. */
  readonly heldSeconds?: number | undefined;
}

/** Gives the text of the file for a restore of that stack. */
export function formatState(stack: string, { interims, heldSeconds, ...state }: RestoreState): string {
  return JSON.stringify(writtenState(stack).parse({ ...state, standIns: interims, holdSeconds: heldSeconds }));
}

/** Reads the text of the file; gives its faults if no restore of that stack can have written it. */
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

/** Writes the file to the disk, before the step that it names. It is an argument, because an input can end half-way. */
export async function writeState(database: Database, stack: string, state: RestoreState): Promise<void> {
  await database.shell(WRITE, [RESTORE_STATE, BACKUPS_PATH, formatState(stack, state)]);
}

/** A running restore, whose state is written at each step. */
export class Progress {
  private constructor(
    private readonly database: Database,
    private readonly stack: string,
    private reached: RestoreState,
  ) {}

  /** Begins a restore. If it is killed from now on, the next run finds its state. */
  public static async begin(database: Database, stack: string, state: RestoreState): Promise<Progress> {
    await writeState(database, stack, state);
    return new Progress(database, stack, state);
  }

  public get state(): RestoreState {
    return this.reached;
  }

  /** Goes on to a step. The step counts as reached before it is written: a failed write may have reached the disk. */
  public async enter(step: RestoreState["step"], learned: Pick<RestoreState, "heldSeconds"> = {}): Promise<void> {
    this.reached = { ...this.reached, ...learned, step };
    await writeState(this.database, this.stack, this.reached);
  }
}

/** Reads the file. A link is not followed, because a restore does not write one. */
const READ = 'if [ -L "$1" ]; then echo "a link"; elif [ -f "$1" ]; then cat "$1"; fi';

/** True when a restore runs, or was killed; also if the file does not have the form in which a restore writes it. */
export async function hasBegun(database: Database): Promise<boolean> {
  return (await database.shell(READ, [RESTORE_STATE])) !== "";
}

/**
 * Gives the state of a restore that runs or was killed; undefined without one. Refuses a file that no restore has written,
 * or that names a container of another stack, because the next run would act on it with full power over the Docker host.
 */
export async function readState(database: Database, stack: string): Promise<RestoreState | undefined> {
  const text = await database.shell(READ, [RESTORE_STATE]);
  if (text === "") return undefined;
  const state = parseState(stack, text);
  if (typeof state === "string") throw notOurs(database, state);
  const { before, after, interims } = state;
  const named = [...new Set([...interims, ...Object.values(before), ...Object.values(after)])];
  const others = await foreign(database.docker, stack, named);
  if (others.length > 0) throw notOurs(database, `${others.join(", ")} is not a container of ${stack}`);
  return state;
}

function notOurs({ docker, container }: Database, faults: string): Refusal {
  const command = (words: string) => dockerCommand(docker.host, `exec ${container} ${words} ${RESTORE_STATE}`);
  return new Refusal(
    `${RESTORE_STATE} describes a restore that was killed, but no restore writes it in this form (${faults}). Nothing was touched.
A person who can write to the backups may have put it there. To look at it: ${command("cat")}
Next: if you do not need it, ${command("rm")}; then run the same command again.`,
  );
}

/**
 * Gives an id that differs after each start of the Docker host:
 * https://www.kernel.org/doc/html/latest/admin-guide/sysctl/kernel.html
 */
export async function bootId(database: Database): Promise<string> {
  return (await database.shell("cat /proc/sys/kernel/random/boot_id")).trim();
}

export async function clearState(database: Database): Promise<void> {
  await database.shell('rm -f "$1"; sync "$2"', [RESTORE_STATE, BACKUPS_PATH]);
}
