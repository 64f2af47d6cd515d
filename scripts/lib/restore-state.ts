import { z } from "zod";
import { BACKUPS_PATH, RESTORE_STATE } from "../../components/release/backup-id";
import type { Database } from "./database";

const pointers = z.object({ api: z.string(), console: z.string() });

/** Where a restore is, for whoever comes after it was killed. */
export const restoreState = z.object({
  /**
   * `restoring`: beside the live database, which serves. `exchanging`: writers are stopped, names may have been changed.
   * `serving`: the restored data serve, and there is only something to clear away.
   */
  step: z.enum(["restoring", "exchanging", "serving"]),
  /** Id of the backup; null when a kept database is brought back. */
  backup: z.string().nullable(),
  /** Tag of the release that served; null when nothing did. */
  from: z.string().nullable(),
  to: z.string(),
  /** The database that becomes the live one, and the name that the live one gets. */
  incoming: z.string(),
  replaced: z.string(),
  /** Who took the requests before, and who does afterwards. */
  before: pointers,
  after: pointers,
  /** Containers that were made for it, by name. */
  standIns: z.array(z.string()),
  /** Id of the image of each service that serves. */
  images: z.record(z.string(), z.string()),
  /** With which word an operator has asked for it. */
  confirmation: z.string().optional(),
  /** How long requests have waited; known once the restored data serve. */
  holdSeconds: z.number().optional(),
  /** ISO 8601, UTC. */
  started: z.string(),
});
export type RestoreState = z.infer<typeof restoreState>;

const WRITE = `
  umask 077
  printf '%s\\n' "$3" >"$1.new"
  sync "$1.new"
  mv "$1.new" "$1"
  sync "$2"`;

/** On the disk before anything is done that it tells of; as an argument, which cannot end half-way as an input can. */
export async function writeState(database: Database, state: RestoreState): Promise<void> {
  const text = JSON.stringify(restoreState.parse(state));
  await database.shell(WRITE, [RESTORE_STATE, BACKUPS_PATH, text]);
}

/** Undefined when no restore is under way, and none was killed. */
export async function readState(database: Database): Promise<RestoreState | undefined> {
  const text = await database.shell('if [ -f "$1" ]; then cat "$1"; fi', [RESTORE_STATE]);
  return text === "" ? undefined : restoreState.parse(JSON.parse(text));
}

export async function clearState(database: Database): Promise<void> {
  await database.shell('rm -f "$1"; sync "$2"', [RESTORE_STATE, BACKUPS_PATH]);
}
