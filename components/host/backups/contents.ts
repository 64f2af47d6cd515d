import { compareBackupIds, isInFuture, parseBackupId } from "../../release/records/backup-id";
import { byDate, type Dated } from "../../release/records/backups";
import { trust } from "../../release/commands";
import { sizeFault } from "../../release/records/dump";
import { parseJson } from "../../release/records/json";
import { type BackupManifest, parseManifest, type WrittenManifest } from "../../release/records/manifest";
import { isSigned } from "../../release/records/signature";
import type { Signer } from "./signer";

/** The files among the backups of a stack. Of the backups, and of those dated in the future, the newest is last. */
export interface Contents extends Dated<BackupManifest> {
  /** File and reason of everything that looks like a backup and does not count as one. */
  readonly broken: readonly string[];
  /** Ids of the broken ones that are complete, but not signed by this stack. */
  readonly unsigned: readonly string[];
  /** Every id that is taken, also by a broken backup. */
  readonly ids: readonly string[];
  /** Seconds since 1970 by the clock of the Docker host; undefined where the container does not print them. */
  readonly clock: number | undefined;
  /**
   * Id of the backup that was taken last, which may be broken. A backup that this stack has not signed does not count.
   */
  readonly newest: string | undefined;
}

/** Separates the records of LIST. It is removed from the manifests, where other programs may have put it. */
const RECORD = "\x1e";

/**
 * Shell for the database's container. Prints the time there, and then a record for each file: its name, the size of its
 * dump, and the manifest. One command reads all of it, so that a preview over ssh waits once. Other programs may be
 * able to write here: a name that is not an id is ignored, and a manifest that is a link is not followed.
 */
export const LIST = `
  cd "$1"
  printf '\\036%s\\n' "$(date +%s)"
  for file in [0-9]*.dump [0-9]*.json; do
    case $file in *[!A-Za-z0-9_.-]*) continue ;; esac
    [ -f "$file" ] || continue
    id=\${file%.*}
    if [ "$file" = "$id.dump" ]; then
      [ -f "$id.json" ] || printf '\\036%s\\n' "$file"
    elif [ -L "$file" ]; then printf '\\036%s link\\n' "$file"
    else
      printf '\\036%s %s\\n' "$file" "$(stat -L -c %s "$id.dump" 2>/dev/null || echo none)"
      tr -d '\\036' <"$file"
    fi
  done`;

/** Reads what a script that ends with LIST has printed: what came before LIST, and the contents. */
export function readListing(printed: string, signer: Signer, host: string): { before: string; contents: Contents } {
  const [before = "", now = "", ...records] = printed.split(RECORD);
  const clock = /^\d+\s*$/.test(now) ? Number(now) : undefined;
  return { before, contents: contentsOf(clock, records, signer, host) };
}

function contentsOf(clock: number | undefined, records: readonly string[], signer: Signer, host: string): Contents {
  const manifests: BackupManifest[] = [];
  const broken: string[] = [];
  const unsigned: string[] = [];
  const ids: string[] = [];
  for (const record of records) {
    const [heading = "", ...content] = record.split("\n");
    const [file = "", size] = heading.split(" ");
    const id = file.replace(/\.(json|dump)$/, "");
    if (parseBackupId(id) === undefined) continue; // it belongs to something else
    ids.push(id);
    const read = size === undefined ? "it has no manifest" : readManifest(id, content.join("\n"), size);
    if (typeof read === "string") broken.push(`${file}: ${read}`);
    else if (counts(read, signer)) manifests.push(read.manifest);
    else {
      unsigned.push(id);
      broken.push(
        `${file}: ${NOT_SIGNED}: if you know that it is the stack's own, ${trust(signer.stack, host, id)} accepts it`,
      );
    }
  }
  manifests.sort((one, other) => compareBackupIds(one.id, other.id));
  const newest = ids
    .filter((id) => !(clock !== undefined && isInFuture(id, clock)) && !unsigned.includes(id))
    .sort(compareBackupIds)
    .at(-1);
  return { ...byDate(manifests, clock), broken, unsigned, ids, clock, newest };
}

export const NOT_SIGNED = "it is not signed by this stack";

/**
 * True when a manifest belongs to a backup of the stack. A stack without a key cannot recognise its own, so all count.
 */
export function counts({ json }: WrittenManifest, { key }: Signer): boolean {
  return key === undefined || isSigned(json, key);
}

/** Reads the manifest of a backup, whose dump has that size; gives the reason where the backup cannot be relied on. */
function readManifest(id: string, text: string, size: string): WrittenManifest | string {
  if (size === "link") return "it is a link, which is not followed";
  const found = manifestIn(id, text);
  if (typeof found === "string") return found;
  return sizeFault(found.manifest, size === "none" ? undefined : Number(size)) ?? found;
}

/** Reads the manifest of that id; gives the reason where the text is not one. */
export function manifestIn(id: string, text: string): WrittenManifest | string {
  const found = parseManifest(text);
  if (found === undefined)
    return parseJson(text) === undefined ? "it is not valid JSON" : "it is not the manifest of a backup";
  return found.manifest.id === id ? found : `it is the manifest of ${found.manifest.id}`;
}
