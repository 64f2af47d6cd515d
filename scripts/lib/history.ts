import { z } from "zod";
import { BACKUPS_PATH } from "../../components/release/backup-id";
import { type Database, lines } from "./database";

/** One change of what serves, or a failed attempt at it. */
export const historyEntry = z.object({
  /** ISO 8601, UTC. */
  at: z.string(),
  /** `user@machine` */
  operator: z.string(),
  /** Tag of the release that served before; null before the first. */
  from: z.string().nullable(),
  to: z.string(),
  kind: z.string(),
  /** Id of the backup that was taken before it. */
  backup: z.string().nullable(),
  /** Files that were applied. */
  migrations: z.array(z.string()),
  /** Digest of the image that each service ran. */
  digests: z.record(z.string(), z.string()),
  seconds: z.number(),
  verdict: z.enum(["upgraded", "installed", "rolled back", "failed"]),
  reason: z.string().optional(),
});
export type HistoryEntry = z.infer<typeof historyEntry>;

/** Beside the backups, and so outside of the database that a rollback replaces. */
const FILE = `${BACKUPS_PATH}/history.jsonl`;

/**
 * One write to a file opened for appending, so that two entries never mix; on the disk before it counts. A line that a
 * power failure tore is closed first: it would swallow the new one. dd and not cat, which would write in pieces.
 */
const APPEND = `
  umask 077
  if [ -s "$1" ] && [ -n "$(tail -c 1 "$1")" ]; then echo >>"$1"; fi
  dd of="$1" bs=1048576 iflag=fullblock oflag=append conv=notrunc,fsync status=none
  sync "$2"`;

export async function appendHistory(database: Database, entry: HistoryEntry): Promise<void> {
  await database.shell(APPEND, [FILE, BACKUPS_PATH], `${JSON.stringify(historyEntry.parse(entry))}\n`);
}

/** Oldest first. A torn line is left out; so is one of a later release of this program that this one cannot read. */
export async function readHistory(database: Database): Promise<HistoryEntry[]> {
  const text = await database.shell('if [ -f "$1" ]; then cat "$1"; fi', [FILE]);
  return lines(text).flatMap((line) => parseEntry(line) ?? []);
}

function parseEntry(line: string): HistoryEntry | undefined {
  try {
    return historyEntry.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
