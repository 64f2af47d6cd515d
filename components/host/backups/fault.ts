import type { DockerClient } from "../docker/client";
import { BACKUPS_PATH } from "../../release/records/backup-id";
import type { BackupManifest } from "../../release/records/manifest";

/** A slow disk reads no slower than this; a dump that takes longer is checked by the restore itself. */
const SLOWEST_BYTES_PER_SECOND = 20_000_000;
const PATIENCE_SECONDS = 60;

/** The size first: it tells of a truncated dump without reading it. */
const CHECK = `
  if [ ! -f "$1" ]; then echo missing; exit; fi
  size=$(stat -c %s "$1")
  if [ "$size" != "$2" ]; then echo "size $size"; exit; fi
  sha256sum "$1" || echo unreadable`;

/** Why a backup cannot be relied on: its dump is not, byte for byte, what was written. Undefined when it is. */
export async function backupFault(
  docker: DockerClient,
  postgres: string,
  { id, bytes, sha256 }: BackupManifest,
): Promise<string | undefined> {
  const file = `${BACKUPS_PATH}/${id}.dump`;
  const patience = PATIENCE_SECONDS + Math.ceil(bytes / SLOWEST_BYTES_PER_SECOND);
  const check = ["exec", postgres, "sh", "-euc", CHECK, "-", file, String(bytes)];
  const [found = "", size] = (await docker.run(check, "", patience)).trim().split(/\s+/);
  if (found === "missing") return `its dump ${file} is missing`;
  if (found === "size") return `its dump has ${size ?? ""} bytes instead of ${bytes}`;
  if (found === "unreadable") return `its dump ${file} cannot be read to its end`;
  return found === sha256 ? undefined : `its dump is damaged: the sha256 is ${found} instead of ${sha256}`;
}
