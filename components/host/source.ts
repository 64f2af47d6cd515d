import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { MigrationFile } from "./facts";

/** What git said when a tag could not be had. */
export class SourceError extends Error {}

/** Works in a checkout of one tag, which is gone afterwards. */
export async function withCheckout<T>(source: string, tag: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "nestfleet-source-"));
  try {
    await clone(source, tag, folder);
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The migrations of a release that is built from source: its image does not exist before the update. */
export async function migrationsOf(folder: string): Promise<MigrationFile[]> {
  const directory = join(folder, "migrations");
  const all = await readdir(directory).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return []; // a release may have none
    throw error;
  });
  const files = all.filter((file) => file.endsWith(".sql")).sort();
  return Promise.all(files.map(async (file) => ({ file, sql: await readFile(join(directory, file), "utf8") })));
}

/** What is built of it is for whoever the image's user is; the folder itself is this user's alone. */
const READABLE = 'umask 022 && exec "$0" "$@"';

async function clone(source: string, tag: string, folder: string): Promise<void> {
  const options = ["--quiet", "--depth", "1", "--branch", tag];
  const args = ["-c", "advice.detachedHead=false", "clone", ...options, "--", source, folder];
  try {
    await promisify(execFile)("sh", ["-c", READABLE, "git", ...args], {
      env: { ...process.env, GIT_TERMINAL_PROMPT: "0" },
    });
  } catch (error) {
    const said = (error as { stderr?: string }).stderr ?? String(error);
    throw new SourceError(`The source has no tag ${tag}, or cannot be read. Git says:\n${said.trim()}`);
  }
}
