import { z } from "zod";
import { BACKUPS_PATH } from "./backup-id";
import { parseJson } from "./json";

/** The history lies beside the backups, and so outside of the database that a rollback replaces. */
export const HISTORY_FILE = `${BACKUPS_PATH}/history.jsonl`;

/** One change of the running release or its data, or a failed attempt at such a change. */
const writtenEntry = z.object({
  /** ISO 8601, UTC. */
  at: z.string(),
  /** `user@machine` */
  operator: z.string(),
  /** Tag of the release that served before; null before the first. */
  from: z.string().nullable(),
  to: z.string(),
  /** install, upgrade, rollback, restart, restore or undo. */
  kind: z.string(),
  /** Id of the backup that was taken before the change. */
  backup: z.string().nullable(),
  /** Migrations that the change has applied. */
  migrations: z.array(z.string()),
  /** Digest of the image that each service ran. */
  digests: z.record(z.string(), z.string()),
  seconds: z.number(),
  verdict: z.enum(["upgraded", "installed", "rolled back", "restored", "failed"]),
  reason: z.string().optional(),
  /** Id of the backup that was restored, and the `confirmRestore` of the config then. */
  restored: z.string().optional(),
  confirmation: z.string().optional(),
  /** Name of the previous database, which was live before the change. */
  replaced: z.string().optional(),
  /** By how many rows each table of the previous database exceeded the backup. */
  lost: z.record(z.string(), z.number()).optional(),
  holdSeconds: z.number().optional(),
});

export interface HistoryEntry extends Omit<z.infer<typeof writtenEntry>, "holdSeconds"> {
  /** How long requests were held while the databases were swapped; in the file, which is older, it is `holdSeconds`. */
  readonly heldSeconds?: number | undefined;
}

/**
 * Reads the history, oldest entry first. It leaves out an incomplete line, and a line of a later program that it cannot
 * read.
 */
export function parseHistory(text: string): HistoryEntry[] {
  return text.split("\n").flatMap((line) => {
    const { data } = writtenEntry.safeParse(parseJson(line));
    if (data === undefined) return [];
    const { holdSeconds, ...entry } = data;
    return [{ ...entry, ...(holdSeconds !== undefined && { heldSeconds: holdSeconds }) }];
  });
}

/** The line of the file for an entry. */
export function formatEntry({ heldSeconds, ...entry }: HistoryEntry): string {
  return `${JSON.stringify(writtenEntry.parse({ ...entry, holdSeconds: heldSeconds }))}\n`;
}

/** Whether the data of a backup were restored under this confirmation word: each pair of backup and word works once. */
export function isSpent(history: readonly HistoryEntry[], backup: string, confirmation: string): boolean {
  return history.some((entry) => putBack(entry) && entry.restored === backup && entry.confirmation === confirmation);
}

/** Whether the newest change is the restore of this backup: then the config names the data that are there. */
export function isNewest(history: readonly HistoryEntry[], backup: string): boolean {
  const newest = newestChange(history);
  return newest !== undefined && putBack(newest) && newest.restored === backup;
}

/** The newest change that succeeded. */
export function newestChange(history: readonly HistoryEntry[]): HistoryEntry | undefined {
  return history.findLast(({ verdict }) => verdict !== "failed");
}

function putBack({ verdict }: HistoryEntry): boolean {
  return verdict === "restored" || verdict === "rolled back";
}
