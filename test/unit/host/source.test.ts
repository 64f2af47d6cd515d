import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { LARGEST_MIGRATION, migrationsOf, SourceError, withCheckout } from "../../../components/host/source";

const folder = mkdtempSync(join(tmpdir(), "nestfleet-source-test-"));
const repository = join(folder, "repository");

function git(...args: string[]): string {
  const identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
  return execFileSync("git", ["-C", repository, ...identity, ...args], { encoding: "utf8" }).trim();
}

function commit(word: string): string {
  writeFileSync(join(repository, "release"), word);
  git("add", "--all");
  git("commit", "--quiet", "--message", word);
  return git("rev-parse", "HEAD");
}

let tagged = "";

beforeAll(() => {
  mkdirSync(join(repository, "migrations"), { recursive: true });
  git("init", "--quiet");
  tagged = commit("reviewed");
  git("tag", "v1.5.0");
  commit("pushed to a branch of the tag's name");
  git("branch", "v1.5.0");
});

afterEach(() => {
  vi.unstubAllEnvs();
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("the tag counts, also if a branch has its name, and the folder is removed afterwards", async () => {
  const [commitOf, content, checkout] = await withCheckout(repository, "v1.5.0", (at, of) =>
    Promise.resolve([of, readFileSync(join(at, "release"), "utf8"), at]),
  );
  expect([commitOf, content]).toEqual([tagged, "reviewed"]);
  expect(() => readFileSync(join(checkout, "release"))).toThrow("ENOENT");
});

test("a branch alone is not a release", async () => {
  git("branch", "v1.6.0");
  const refused = withCheckout(repository, "v1.6.0", () => Promise.resolve());
  await expect(refused).rejects.toThrow(SourceError);
  await expect(refused).rejects.toThrow(/the source has no tag v1\.6\.0[^]*refs\/tags\/v1\.6\.0/);
});

test("a path is relative to the project's folder, also in a hook of another repository", async () => {
  vi.stubEnv("GIT_DIR", join(folder, "nowhere"));
  vi.stubEnv("GIT_WORK_TREE", folder);
  const path = relative(process.cwd(), repository);
  const [commitOf] = await withCheckout(path, "v1.5.0", (_, of) => Promise.resolve([of]));
  expect(path).toMatch(/^\.\.\//);
  expect(commitOf).toBe(tagged);
});

test("git gets nothing of Pulumi's environment", async () => {
  const [bin, seen] = [join(folder, "bin"), join(folder, "environment")];
  mkdirSync(bin);
  writeFileSync(join(bin, "git"), `#!/bin/sh\nenv >${seen}\n`);
  chmodSync(join(bin, "git"), 0o755);
  vi.stubEnv("PATH", `${bin}:${process.env["PATH"] ?? ""}`);
  vi.stubEnv("PULUMI_CONFIG", '{"nestfleet:secretEnv":"hunter2"}');
  await withCheckout(repository, "v1.5.0", () => Promise.resolve());
  expect(readFileSync(seen, "utf8")).toContain("GIT_TERMINAL_PROMPT=0");
  expect(readFileSync(seen, "utf8")).not.toMatch(/PULUMI_|hunter2/);
});

test.each<[string, (file: string) => void, string]>([
  ["a link", (file) => { symlinkSync("/etc/hostname", file); }, "is a link or a device"], // prettier-ignore
  ["a device's link", (file) => { symlinkSync("/dev/zero", file); }, "is a link or a device"], // prettier-ignore
  ["a folder", (file) => { mkdirSync(file); }, "is a link or a device"], // prettier-ignore
  ["too much", (file) => { writeFileSync(file, ""); truncateSync(file, LARGEST_MIGRATION + 1); }, "bytes, more than"], // prettier-ignore
])("of the migrations, %s is refused by name", async (_, make, why) => {
  const at = mkdtempSync(join(folder, "checkout-"));
  mkdirSync(join(at, "migrations"));
  writeFileSync(join(at, "migrations/0001_a.sql"), "SELECT 1");
  expect(await migrationsOf(at)).toEqual([{ file: "0001_a.sql", sql: "SELECT 1" }]);
  make(join(at, "migrations/0002_b.sql"));
  const refused = migrationsOf(at);
  await expect(refused).rejects.toThrow(SourceError);
  await expect(refused).rejects.toThrow(`migrations/0002_b.sql in the source`);
  await expect(refused).rejects.toThrow(why);
});

test("a folder of migrations that is a link is refused", async () => {
  const at = mkdtempSync(join(folder, "checkout-"));
  symlinkSync("/etc", join(at, "migrations"));
  await expect(migrationsOf(at)).rejects.toThrow("migrations in the source is a link or a file");
});
