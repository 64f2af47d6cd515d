import { parseJson } from "../release/json";
import type { DockerClient } from "../docker/client";
import { byDate, type Dated } from "../release/backups";
import { backupManifest, type BackupManifest } from "../release/manifest";
import { BACKUPS_PATH } from "../release/backup-id";
import { HISTORY_FILE, type HistoryEntry, parseHistory } from "../release/history";
import { hostTime } from "./clock";

/** NUL-terminated, because a manifest has lines; nothing where there is no backup yet. */
const PRINT_ALL = `for file in ${BACKUPS_PATH}/*.json; do [ ! -f "$file" ] || [ -L "$file" ] || { cat "$file"; printf '\\0'; }; done`;

/** The backups of the stack, oldest first. A manifest that cannot be read is no backup. */
export async function readManifests(docker: DockerClient, postgres: string): Promise<Dated<BackupManifest>> {
  const [printed, now] = await Promise.all([docker.run(["exec", postgres, "sh", "-c", PRINT_ALL]), hostTime(docker)]);
  const manifests = printed.split("\0").flatMap((text) => {
    const parsed = backupManifest.safeParse(parseJson(text));
    return parsed.success ? [parsed.data] : [];
  });
  const sorted = manifests.sort((a, b) => (a.id < b.id ? -1 : 1));
  return byDate(sorted, now && now / 1000);
}

/** Every change of what serves, oldest first; nothing where there was none yet. */
export async function readHistory(docker: DockerClient, postgres: string): Promise<HistoryEntry[]> {
  const print = `if [ -f ${HISTORY_FILE} ] && [ ! -L ${HISTORY_FILE} ]; then cat ${HISTORY_FILE}; fi`;
  return parseHistory(await docker.run(["exec", postgres, "sh", "-c", print]));
}
