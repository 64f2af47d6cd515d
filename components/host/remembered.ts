import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { parseJson } from "../release/records/json";
import { PROJECT } from "./project";

const FOLDER = join(PROJECT, ".nestfleet/migrations");
/** Files of the last releases; each has the SQL of one. */
const MOST = 20;

/**
 * What was read out of something that never changes, in this run or in one before. Text is the reason why it cannot be
 * read; that is not kept. Nothing depends on the files: whoever removes them, or may not write them, waits again.
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

/** Under a name of its own first: no run finds half a file. */
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
