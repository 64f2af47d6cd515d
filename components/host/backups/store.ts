import { type Signer, signerOf } from "./signer";
import { BACKUPS_PATH } from "../../release/records/backup-id";
import { type BackupManifest, backupManifest, type WrittenManifest } from "../../release/records/manifest";
import { KEY_VARIABLE, signed } from "../../release/records/signature";
import { complaint, type Database, lines } from "../database/database";
import { Refusal } from "../output";
import { conceal } from "../docker/redaction";
import { type Contents, counts, LIST, manifestIn, NOT_SIGNED, readListing } from "./contents";

/** The file of a dump that is not a backup yet. It is on the same file system, so that a rename makes it a backup. */
const partial = (id: string) => `${BACKUPS_PATH}/.partial-${id}.dump`;
const partialManifest = (id: string) => `${BACKUPS_PATH}/.partial-${id}.json`;
export const dumpFile = (id: string) => `${BACKUPS_PATH}/${id}.dump`;
const manifestFile = (id: string) => `${BACKUPS_PATH}/${id}.json`;

const PROBE = `
  [ -d "$1" ] || { echo "there is no directory $1" >&2; exit 1; }
  umask 077; rm -f "$1/.partial-probe"; : >"$1/.partial-probe"; rm "$1/.partial-probe"`;

/**
 * Removes partial files, and dumps whose commit was not finished: these have their final name, but their manifest is
 * still partial. A killed run has left them, because no other run works here while the caller has the lock.
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

/**
 * The manifest gets its name last: a dump without one does not count as a backup. Files are on the disk before the
 * rename.
 */
const COMMIT = `
  umask 077
  rm -f "$1"
  cat >"$1"
  sync "$1" "$2"
  mv "$2" "$3"
  mv "$1" "$4"
  sync "$5"`;

/** Replaces a manifest, unless it has been removed meanwhile. */
const AMEND = `
  umask 077
  rm -f "$1"
  cat >"$1"
  sync "$1"
  if [ -f "$2" ]; then mv "$1" "$2"; else rm "$1"; fi
  sync "$3"`;

const READ = 'if [ -f "$1" ] && [ ! -L "$1" ]; then cat "$1"; fi';

/** The facts about a backup that may be found out after it was taken. */
type Learned = Pick<BackupManifest, "proven" | "disproven">;

/**
 * The backups, as the database's container sees them. Manifests that are written here get the stack's signature. A
 * backup whose manifest does not have it does not count.
 */
export class Store {
  private known: Promise<Signer> | undefined;

  public constructor(private readonly database: Database) {}

  /** Gives the stack and its key, which no line of this process shows afterwards. */
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

  /** Removes the files that killed runs have left. Gives their names, and the contents. */
  public async open(): Promise<{ removed: string[]; contents: Contents }> {
    const { before, contents } = await this.look(SWEEP + LIST);
    return { removed: lines(before), contents };
  }

  public async list(): Promise<Contents> {
    return (await this.look(LIST)).contents;
  }

  /** Removes the files that killed runs have left, and gives their names. */
  public async sweep(): Promise<string[]> {
    return lines(await this.database.shell(SWEEP, [BACKUPS_PATH]));
  }

  /** Syncs a file to the disk, and gives its size in bytes. */
  public async flush(file: string): Promise<number> {
    return Number(await this.database.shell('sync "$1"; stat -c %s "$1"', [file]));
  }

  /** Gives the text of a manifest as it was written: a newer program may have written more fields. */
  public async manifestText(id: string): Promise<string> {
    return this.database.shell('cat "$1"', [manifestFile(id)]);
  }

  /** Makes the partial dump a backup. */
  public async commit(manifest: BackupManifest): Promise<void> {
    const { id } = manifest;
    const files = [partialManifest(id), partial(id), dumpFile(id), manifestFile(id), BACKUPS_PATH];
    await this.database.shell(COMMIT, files, await this.textOf(backupManifest.parse(manifest)));
  }

  /** True when the stack has signed a manifest, or has no key. */
  public async owns(found: WrittenManifest): Promise<boolean> {
    return counts(found, await this.signer());
  }

  /** Reads a manifest with all of its fields; undefined when there is none of that id. */
  public async read(id: string): Promise<WrittenManifest | undefined> {
    const text = await this.database.shell(READ, [manifestFile(id)]);
    if (text === "") return undefined;
    const found = manifestIn(id, text);
    if (typeof found === "string") throw new Refusal(`${manifestFile(id)}: ${found}`);
    return found;
  }

  /**
   * Adds facts to the manifest of a backup that was taken earlier. Refuses a manifest that the stack has not signed.
   */
  public async amend(id: string, learned: Learned): Promise<void> {
    const found = await this.read(id);
    if (found === undefined) return; // removed meanwhile
    const { key } = await this.signer();
    // Without a key, the manifest would lose its signature.
    if (!(await this.owns(found)) || (key === undefined && found.manifest.signature !== undefined))
      throw new Refusal(NOT_SIGNED);
    await this.sign({ ...found, json: { ...found.json, ...learned } });
  }

  /** Signs a manifest that an operator trusts: it counts as this stack's own from now on. */
  public async sign({ manifest: { id }, json }: WrittenManifest): Promise<void> {
    await this.database.shell(AMEND, [partialManifest(id), manifestFile(id), BACKUPS_PATH], await this.textOf(json));
  }

  /** Removes a backup, the manifest first: a backup is complete, or does not count. */
  public async remove(id: string): Promise<void> {
    await this.database.shell('rm -f "$1"; sync "$3"; rm -f "$2"', [manifestFile(id), dumpFile(id), BACKUPS_PATH]);
  }

  /** Runs a script that ends with LIST. */
  private async look(script: string): Promise<{ before: string; contents: Contents }> {
    const [printed, signer] = await Promise.all([this.database.shell(script, [BACKUPS_PATH]), this.signer()]);
    return readListing(printed, signer, this.database.docker.host);
  }

  private async textOf(manifest: object): Promise<string> {
    const { key } = await this.signer();
    return `${JSON.stringify(signed(manifest, key), undefined, 2)}\n`;
  }
}
