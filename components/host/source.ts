import { execFile } from "node:child_process";
import { lstat, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { childEnvironment } from "./child-environment";
import { shellWord } from "../release/commands";
import type { MigrationFile, SourceFault } from "../release/facts";
import { oneLine } from "../release/words";
import { Refusal } from "./output";

/** The refusal of a release whose source cannot be used: a plan shows the fault, the build command the message. */
export class SourceError extends Refusal {
  public readonly fault: SourceFault;

  public constructor(fault: SourceFault) {
    super(`Nothing was touched: ${fault.title}.\n  why: ${fault.why}\nNext: ${fault.fix}`);
    this.fault = fault;
  }
}

/** Bytes. A reviewed migration is smaller. */
export const LARGEST_MIGRATION = 4 * 1024 * 1024;

/** Checks out one tag, does work with the folder and the commit of the tag, and removes the folder afterwards. */
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

/** Reads the migrations of a release that is built from source: its image does not exist before the update. */
export async function migrationsOf(folder: string): Promise<MigrationFile[]> {
  const directory = join(folder, "migrations");
  const found = await lstat(directory).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined; // a release may have none
    throw error;
  });
  if (found === undefined) return [];
  if (!found.isDirectory()) throw unfit("migrations", "is a link or a file, not a folder");
  const all = await readdir(directory);
  const files = all.filter((file) => file.endsWith(".sql")).sort();
  return Promise.all(files.map(async (file) => ({ file, sql: await readRegular(join(directory, file), file) })));
}

/** A link could lead to any file of this machine, and a device has no end. */
async function readRegular(path: string, file: string): Promise<string> {
  const found = await lstat(path);
  if (!found.isFile()) throw unfit(`migrations/${file}`, "is a link or a device, not a file");
  if (found.size > LARGEST_MIGRATION)
    throw unfit(`migrations/${file}`, `has ${found.size} bytes, more than ${LARGEST_MIGRATION}`);
  return readFile(path, "utf8");
}

function unfit(path: string, why: string): SourceError {
  return new SourceError({
    title: `the migrations of the source cannot be read`,
    why: `${path} in the source ${why}; migrations are read from regular files in the folder migrations, of at most ${LARGEST_MIGRATION} bytes each`,
    fix: "set nestfleet:version to a release whose migrations can be read",
  });
}

/** Only refs/tags counts: a branch with the name of the tag is ignored. */
async function checkOut(source: string, tag: string, folder: string): Promise<string> {
  try {
    await git("init", "--quiet", folder);
    const from = /^\.{1,2}\//.test(source) ? resolve(source) : source;
    await git("-C", folder, "fetch", "--quiet", "--depth", "1", "--", from, `refs/tags/${tag}`);
    await git("-C", folder, "checkout", "--quiet", "--detach", "FETCH_HEAD");
    return (await git("-C", folder, "rev-parse", "HEAD")).trim();
  } catch (error) {
    const said = oneLine((error as { stderr?: string }).stderr ?? String(error));
    throw unreadable(source, tag, said);
  }
}

function unreadable(source: string, tag: string, said: string): SourceError {
  const list = `git ls-remote --tags ${shellWord(source)}`;
  if (said.includes("couldn't find remote ref"))
    return new SourceError({
      title: `the source has no tag ${tag}`,
      why: `a release is built from the tag of its version in ${source}, and a branch of that name does not count; Git says: ${said}`,
      fix: `push the tag, or set nestfleet:version to a version that has one; this lists the tags: ${list}`,
    });
  return new SourceError({
    title: `the source cannot be read`,
    why: `the tag ${tag} was to be fetched from ${source}; Git says: ${said}`,
    fix: `this must work here, for the same user: ${list}`,
  });
}

/**
 * The user of the image must be able to read the files of a checkout; only this user can read the folder around them.
 */
const READABLE = 'umask 022 && exec git "$@"';

/**
 * Git sets these for its hooks, and they name the hook's repository, not this one. `git rev-parse --local-env-vars`.
 */
const OF_ANOTHER =
  /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|SHALLOW_FILE|GRAFT_FILE|IMPLICIT_WORK_TREE)$/;

async function git(...args: string[]): Promise<string> {
  const fixed = { GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" }; // one of Git's messages is looked for, in English
  const own = Object.entries(childEnvironment(fixed)).filter(([name]) => !OF_ANOTHER.test(name));
  const env = Object.fromEntries(own);
  return (await promisify(execFile)("sh", ["-c", READABLE, "git", ...args], { env })).stdout;
}
