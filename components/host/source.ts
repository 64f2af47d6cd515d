import { execFile } from "node:child_process";
import { lstat, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { childEnvironment } from "./child-environment";
import type { MigrationFile } from "../release/facts";

/** What git said when a tag could not be had. */
export class SourceError extends Error {}

/** Bytes. What brings more is no migration that anybody has read. */
export const LARGEST_MIGRATION = 4 * 1024 * 1024;

/** Works in a checkout of one tag, of the commit that the tag has; it is gone afterwards. */
export async function withCheckout<T>(
  source: string,
  tag: string,
  work: (folder: string, commit: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "nestfleet-source-"));
  try {
    return await work(folder, await checkOut(source, tag, folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The migrations of a release that is built from source: its image does not exist before the update. */
export async function migrationsOf(folder: string): Promise<MigrationFile[]> {
  const directory = join(folder, "migrations");
  const found = await lstat(directory).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined; // a release may have none
    throw error;
  });
  if (found === undefined) return [];
  if (!found.isDirectory()) throw new SourceError("migrations of the source is a link or a file, and no folder.");
  const all = await readdir(directory);
  const files = all.filter((file) => file.endsWith(".sql")).sort();
  return Promise.all(files.map(async (file) => ({ file, sql: await readRegular(join(directory, file), file) })));
}

/** A link could lead to any file of this machine, and a device has no end. */
async function readRegular(path: string, file: string): Promise<string> {
  const found = await lstat(path);
  if (!found.isFile()) throw new SourceError(`migrations/${file} of the source is a link or a device, and no file.`);
  if (found.size > LARGEST_MIGRATION)
    throw new SourceError(`migrations/${file} of the source has ${found.size} bytes, more than ${LARGEST_MIGRATION}.`);
  return readFile(path, "utf8");
}

/** A branch with the tag's name decides nothing: only refs/tags counts. */
async function checkOut(source: string, tag: string, folder: string): Promise<string> {
  try {
    await git("init", "--quiet", folder);
    const from = /^\.{1,2}\//.test(source) ? resolve(source) : source;
    await git("-C", folder, "fetch", "--quiet", "--depth", "1", "--", from, `refs/tags/${tag}`);
    await git("-C", folder, "checkout", "--quiet", "--detach", "FETCH_HEAD");
    return (await git("-C", folder, "rev-parse", "HEAD")).trim();
  } catch (error) {
    const said = (error as { stderr?: string }).stderr ?? String(error);
    throw new SourceError(`The source has no tag ${tag}, or cannot be read. Git says:\n${said.trim()}`);
  }
}

/** What is built of a checkout must be readable for the user of the image; its folder is readable for this user alone. */
const READABLE = 'umask 022 && exec git "$@"';

/** In a hook, git tells its children which repository they are in; this is another one. As `git rev-parse --local-env-vars`. */
const OF_ANOTHER =
  /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|SHALLOW_FILE|GRAFT_FILE|IMPLICIT_WORK_TREE)$/;

async function git(...args: string[]): Promise<string> {
  const own = Object.entries(childEnvironment({ GIT_TERMINAL_PROMPT: "0" })).filter(([name]) => !OF_ANOTHER.test(name));
  const env = Object.fromEntries(own);
  return (await promisify(execFile)("sh", ["-c", READABLE, "git", ...args], { env })).stdout;
}
