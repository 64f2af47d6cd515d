import type { DockerClient } from "../docker/client";
import { byDate, type Dated } from "../../release/records/backups";
import { type BackupManifest, parseManifest } from "../../release/records/manifest";
import { BACKUPS_PATH } from "../../release/records/backup-id";
import { HISTORY_FILE, type HistoryEntry, parseHistory } from "../../release/records/history";
import { isSigned } from "../../release/records/signature";
import { hostTime } from "../docker/clock";
import { signerOf } from "./signer";

/** NUL-terminated, because a manifest has lines; nothing where there is no backup yet. */
const PRINT_ALL = `for file in ${BACKUPS_PATH}/*.json; do [ ! -f "$file" ] || [ -L "$file" ] || { cat "$file"; printf '\\0'; }; done`;

/** What lies among the backups of a stack. */
export interface Manifests extends Dated<BackupManifest> {
  /** Ids of those that the stack, which has a key, has not signed; oldest first. */
  readonly unsigned: readonly string[];
}

/** The backups of the stack, oldest first. A manifest that cannot be read, or is not signed by the stack, is no backup. */
export async function readManifests(docker: DockerClient, postgres: string): Promise<Manifests> {
  const [printed, now, { key }] = await Promise.all([
    docker.run(["exec", postgres, "sh", "-c", PRINT_ALL]),
    hostTime(docker),
    signerOf(docker, postgres),
  ]);
  const found = printed.split("\0").flatMap((text) => parseManifest(text) ?? []);
  const counting = found.filter(({ json }) => key === undefined || isSigned(json, key));
  const sorted = counting.map(({ manifest }) => manifest).sort((a, b) => (a.id < b.id ? -1 : 1));
  const ids = (manifests: typeof found) => manifests.map(({ manifest: { id } }) => id);
  const unsigned = new Set(ids(found.filter((one) => !counting.includes(one))));
  for (const id of ids(counting)) unsigned.delete(id);
  return { ...byDate(sorted, now && now / 1000), unsigned: [...unsigned].sort() };
}

/** Every change of what serves, oldest first; nothing where there was none yet. */
export async function readHistory(docker: DockerClient, postgres: string): Promise<HistoryEntry[]> {
  const print = `if [ -f ${HISTORY_FILE} ] && [ ! -L ${HISTORY_FILE} ]; then cat ${HISTORY_FILE}; fi`;
  return parseHistory(await docker.run(["exec", postgres, "sh", "-c", print]));
}
