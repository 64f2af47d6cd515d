import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { parseJson } from "../release/records/json";
import { PROJECT } from "./project";

const FOLDER = join(PROJECT, ".nestfleet/migrations");
/** The number of files that are kept; each has the SQL of one release. */
const MOST = 20;

/**
 * Reads something that never changes, and keeps the result in a file for later runs. Text means that it could not be
 * read, and why; text is not kept. The files are only a cache: without them the next run reads again, which takes
 * longer.
 */
export async function remembered<T extends object>(
  key: readonly string[],
  schema: z.ZodType<T>,
  read: () => Promise<T | string>,
  folder = FOLDER,
): Promise<T | string> {
  const name = `${createHash("sha256").update(JSON.stringify(key)).digest("hex")}.json`;
  const kept = schema.safeParse(parseJson(await readFile(join(folder, name), "utf8").catch(() => "")));
  if (kept.success) return kept.data;
  const found = await read();
  if (typeof found !== "string") await keep(folder, name, JSON.stringify(found)).catch(() => undefined);
  return found;
}

/** Writes the file under another name first, so that no run finds an incomplete file. */
async function keep(folder: string, name: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const partial = join(folder, `.${randomUUID()}`);
  await writeFile(partial, text);
  await rename(partial, join(folder, name));
  const files = (await readdir(folder)).map(async (file) => {
    const path = join(folder, file);
    return { path, written: (await stat(path)).mtimeMs };
  });
  const newestFirst = (await Promise.all(files)).sort((one, other) => other.written - one.written);
  for (const { path } of newestFirst.slice(MOST)) await rm(path, { force: true });
}
