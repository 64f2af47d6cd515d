import { type Signer, signerOf } from "./signer";
import { BACKUPS_PATH, compareBackupIds, isInFuture, parseBackupId } from "../../release/records/backup-id";
import { backupNamed, byDate, futureTold } from "../../release/records/backups";
import { trust } from "../../release/commands";
import { parseJson } from "../../release/records/json";
import {
  type BackupManifest,
  backupManifest,
  parseManifest,
  type WrittenManifest,
} from "../../release/records/manifest";
import { isSigned, KEY_VARIABLE, signed } from "../../release/records/signature";
import { complaint, type Database, lines } from "../database/database";
import { Refusal, say } from "../output";
import { conceal } from "../docker/redaction";

/** What lies among the backups. */
export interface Contents {
  /** Newest last. */
  readonly backups: readonly BackupManifest[];
  /** Dated in the future. */
  readonly future: readonly BackupManifest[];
  /** What looks like a backup and cannot be relied on: file and reason. */
  readonly broken: readonly string[];
  /** Ids of those among the broken that this stack has not signed, and that are whole. */
  readonly unsigned: readonly string[];
  /** Every id that is taken, by broken ones too. */
  readonly ids: readonly string[];
  /** Of what was taken last, which may be broken; what is not signed by this stack was not taken by it. */
  readonly newest: string | undefined;
}

/** Where a dump lies that is not a backup yet: on the same file system, so that a rename makes it one. */
const partial = (id: string) => `${BACKUPS_PATH}/.partial-${id}.dump`;
const partialManifest = (id: string) => `${BACKUPS_PATH}/.partial-${id}.json`;
export const dumpFile = (id: string) => `${BACKUPS_PATH}/${id}.dump`;
const manifestFile = (id: string) => `${BACKUPS_PATH}/${id}.json`;

const PROBE = `
  [ -d "$1" ] || { echo "there is no directory $1" >&2; exit 1; }
  umask 077; rm -f "$1/.partial-probe"; : >"$1/.partial-probe"; rm "$1/.partial-probe"`;

/** Which no manifest has: it is taken out of what others may have written. */
const RECORD = "\x1e";

/**
 * The time there, and then a record separator before each file: its name, and the size of its dump. Others may be able to write here: a name that
 * is no id is passed over, and a manifest that is a link is not followed.
 */
const LIST = `
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

/**
 * A half-finished commit has a dump under its final name and a manifest that is still partial. Those, and everything
 * partial, were left by a run that was killed: nobody else works here while the caller has the lock.
 */
const SWEEP = `
  cd "$1"
  for manifest in .partial-*.json; do
    [ -f "$manifest" ] && [ ! -L "$manifest" ] || continue
    id=\${manifest#.partial-}; id=\${id%.json}
    if [ ! -f "$id.json" ]; then rm -f -- "$id.dump"; fi
  done
  for file in .partial-*; do
    if [ -f "$file" ] || [ -L "$file" ]; then rm -f "$file"; echo "$file"; fi
  done`;

/** The manifest comes last: a dump without one is no backup. Everything is on the disk before its name says so. */
const COMMIT = `
  umask 077
  rm -f "$1"
  cat >"$1"
  sync "$1" "$2"
  mv "$2" "$3"
  mv "$1" "$4"
  sync "$5"`;

/** Not of one that has been removed meanwhile. */
const AMEND = `
  umask 077
  rm -f "$1"
  cat >"$1"
  sync "$1"
  if [ -f "$2" ]; then mv "$1" "$2"; else rm "$1"; fi
  sync "$3"`;

const READ = 'if [ -f "$1" ] && [ ! -L "$1" ]; then cat "$1"; fi';

/** What may be learned about a backup after it was taken. */
type Learned = Pick<BackupManifest, "proven" | "disproven">;

/**
 * The backups, as the database's container sees them. What is written here is signed by the stack; what somebody else has
 * written is not, and counts for none.
 */
export class Store {
  private known: Promise<Signer> | undefined;

  public constructor(private readonly database: Database) {}

  /** The stack and its key, which no line of this process shows. */
  public signer(): Promise<Signer> {
    const { docker, container } = this.database;
    return (this.known ??= signerOf(docker, container).then((signer) => {
      if (signer.key !== undefined) conceal({ [KEY_VARIABLE]: signer.key });
      return signer;
    }));
  }

  public partial(id: string): string {
    return partial(id);
  }

  public async mustBeWritable(): Promise<void> {
    try {
      await this.database.shell(PROBE, [BACKUPS_PATH]);
    } catch (error) {
      throw new Refusal(
        `nothing can be written to ${BACKUPS_PATH} in ${this.database.container} (nestfleet:backups.volume or .directory): ${complaint(error)}`,
      );
    }
  }

  /** Removes what killed runs left, and says which files, and what there is. */
  public async open(): Promise<{ removed: string[]; contents: Contents }> {
    const { before, contents } = await this.look(SWEEP + LIST);
    return { removed: lines(before), contents };
  }

  public async list(): Promise<Contents> {
    return (await this.look(LIST)).contents;
  }

  /** Removes what killed runs left, and says which files. */
  public async sweep(): Promise<string[]> {
    return lines(await this.database.shell(SWEEP, [BACKUPS_PATH]));
  }

  /** Brings a file to the disk, and gives its size in bytes. */
  public async settle(file: string): Promise<number> {
    return Number(await this.database.shell('sync "$1"; stat -c %s "$1"', [file]));
  }

  /** As it was written: a later release may know more fields than this one. */
  public async manifestText(id: string): Promise<string> {
    return this.database.shell('cat "$1"', [manifestFile(id)]);
  }

  /** Makes the partial dump a backup. */
  public async commit(manifest: BackupManifest): Promise<void> {
    const { id } = manifest;
    const files = [partialManifest(id), partial(id), dumpFile(id), manifestFile(id), BACKUPS_PATH];
    await this.database.shell(COMMIT, files, await this.textOf(backupManifest.parse(manifest)));
  }

  /** Whether the stack has signed a manifest; where it has no key, each may be its own. */
  public async owns(found: WrittenManifest): Promise<boolean> {
    return counts(found, await this.signer());
  }

  /** A manifest, with all that is written in it; undefined when there is none of that id. */
  public async read(id: string): Promise<WrittenManifest | undefined> {
    const text = await this.database.shell(READ, [manifestFile(id)]);
    if (text === "") return undefined;
    const found = manifestIn(id, text);
    if (typeof found === "string") throw new Refusal(`${manifestFile(id)}: ${found}`);
    return found;
  }

  /** Writes down what has been learned about a backup since it was taken: into what the stack has signed, no other. */
  public async amend(id: string, learned: Learned): Promise<void> {
    const found = await this.read(id);
    if (found === undefined) return; // removed meanwhile
    const { key } = await this.signer();
    // Without a key it would be written without the signature that it has.
    if (!(await this.owns(found)) || (key === undefined && found.manifest.signature !== undefined))
      throw new Refusal(NOT_SIGNED);
    await this.sign({ ...found, json: { ...found.json, ...learned } });
  }

  /** The word of somebody who has looked: what the manifest says is this stack's own from now on. */
  public async sign({ manifest: { id }, json }: WrittenManifest): Promise<void> {
    await this.database.shell(AMEND, [partialManifest(id), manifestFile(id), BACKUPS_PATH], await this.textOf(json));
  }

  /** The manifest goes first: a backup is whole, or it is none. */
  public async remove(id: string): Promise<void> {
    await this.database.shell('rm -f "$1"; sync "$3"; rm -f "$2"', [manifestFile(id), dumpFile(id), BACKUPS_PATH]);
  }

  /** Runs a script that ends with LIST; with what the script has said before. */
  private async look(script: string): Promise<{ before: string; contents: Contents }> {
    const [said, signer] = await Promise.all([this.database.shell(script, [BACKUPS_PATH]), this.signer()]);
    const [before = "", now, ...records] = said.split(RECORD);
    return { before, contents: contentsOf(Number(now), records, signer, this.database.docker.host) };
  }

  private async textOf(manifest: object): Promise<string> {
    const { key } = await this.signer();
    return `${JSON.stringify(signed(manifest, key), undefined, 2)}\n`;
  }
}

const NOT_SIGNED = "it is not signed by this stack";

/** Without a key a stack knows its backups by nothing. */
function counts({ json }: WrittenManifest, { key }: Signer): boolean {
  return key === undefined || isSigned(json, key);
}

function contentsOf(now: number, records: readonly string[], signer: Signer, host: string): Contents {
  const manifests: BackupManifest[] = [];
  const broken: string[] = [];
  const unsigned: string[] = [];
  const ids: string[] = [];
  for (const record of records) {
    const [heading = "", ...content] = record.split("\n");
    const [file = "", size] = heading.split(" ");
    const id = file.replace(/\.(json|dump)$/, "");
    if (parseBackupId(id) === undefined) continue; // somebody else's file
    ids.push(id);
    const read = size === undefined ? "it has no manifest" : readManifest(id, content.join("\n"), size);
    if (typeof read === "string") broken.push(`${file}: ${read}`);
    else if (counts(read, signer)) manifests.push(read.manifest);
    else {
      unsigned.push(id);
      broken.push(
        `${file}: ${NOT_SIGNED}: where you know it as the stack's own, ${trust(signer.stack, host, id)} takes it over`,
      );
    }
  }
  manifests.sort((one, other) => compareBackupIds(one.id, other.id));
  const newest = ids
    .filter((id) => !isInFuture(id, now) && !unsigned.includes(id))
    .sort(compareBackupIds)
    .at(-1);
  return { ...byDate(manifests, now), broken, unsigned, ids, newest };
}

/** What of it looks like a backup and counts for none. */
export function tellPassedOver({ broken, future }: Contents): void {
  for (const file of broken) say(`${BACKUPS_PATH}/${file}; it does not count as a backup`);
  for (const line of futureTold(future)) say(line);
}

/** The backup of that id, or `newest`, when it can be relied on. */
export async function findBackup(database: Database, id: string): Promise<BackupManifest> {
  const contents = await new Store(database).list();
  const { backups, broken } = contents;
  const found = id === "newest" ? backups.at(-1) : backupNamed(contents, id);
  if (found !== undefined) return found;
  const damaged = broken.find((file) => file.startsWith(`${id}.`));
  throw new Refusal(damaged === undefined ? `there is no backup ${id}` : `the backup cannot be relied on: ${damaged}`);
}

/** The manifest, or why it cannot be relied on. */
function readManifest(id: string, text: string, size: string): WrittenManifest | string {
  if (size === "link") return "it is a link, which is not followed";
  const found = manifestIn(id, text);
  if (typeof found === "string") return found;
  if (size === "none") return "its dump is missing";
  const { bytes } = found.manifest;
  return Number(size) === bytes ? found : `its dump has ${size} bytes instead of ${bytes}`;
}

/** The manifest of that id, or why the text is none. */
function manifestIn(id: string, text: string): WrittenManifest | string {
  const found = parseManifest(text);
  if (found === undefined) return parseJson(text) === undefined ? "it is no JSON" : "it is no manifest of a backup";
  return found.manifest.id === id ? found : `it is the manifest of ${found.manifest.id}`;
}
