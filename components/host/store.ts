import type { DockerClient } from "../docker/client";
import { backupManifest, type BackupManifest } from "../release/manifest";
import { BACKUPS_PATH } from "../release/backup-id";

/** NUL-terminated, because a manifest has lines; nothing where there is no backup yet. */
const PRINT_ALL = `for file in ${BACKUPS_PATH}/*.json; do [ ! -f "$file" ] || { cat "$file"; printf '\\0'; }; done`;

/** The backups of the stack, oldest first. A manifest that cannot be read is no backup. */
export async function readManifests(docker: DockerClient, postgres: string): Promise<BackupManifest[]> {
  const printed = await docker.run(["exec", postgres, "sh", "-c", PRINT_ALL]);
  const manifests = printed.split("\0").flatMap((text) => {
    const parsed = backupManifest.safeParse(json(text));
    return parsed.success ? [parsed.data] : [];
  });
  return manifests.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
