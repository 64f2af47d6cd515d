import { BACKUPS_PATH } from "../../release/records/backup-id";
import { formatEntry, HISTORY_FILE, type HistoryEntry, parseHistory } from "../../release/records/history";
import type { Database } from "../database/database";

/**
 * Appends in a single write, so that two entries never mix, and waits for the disk. A line that a power failure has cut
 * off is closed first, because the new entry would become part of it. dd is used because cat would write in pieces.
 */
const APPEND = `
  umask 077
  if [ -L "$1" ]; then echo "$1 is a link, which is not followed" >&2; exit 1; fi
  if [ -s "$1" ] && [ -n "$(tail -c 1 "$1")" ]; then echo >>"$1"; fi
  dd of="$1" bs=1048576 iflag=fullblock oflag=append conv=notrunc,fsync status=none
  sync "$2"`;

export async function appendHistory(database: Database, entry: HistoryEntry): Promise<void> {
  await database.shell(APPEND, [HISTORY_FILE, BACKUPS_PATH], formatEntry(entry));
}

/** A link is not followed: its target is not the stack's history. */
const READ = 'if [ -f "$1" ] && [ ! -L "$1" ]; then cat "$1"; fi';

/** Reads the history, oldest entry first; empty where there is none yet. */
export async function readHistory(database: Database): Promise<HistoryEntry[]> {
  return parseHistory(await database.shell(READ, [HISTORY_FILE]));
}
