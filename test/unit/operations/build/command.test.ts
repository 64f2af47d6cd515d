import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "nestfleet-build-test-"));
const repository = join(folder, "repository");
const temporary = join(folder, "temporary");

beforeAll(() => {
  mkdirSync(temporary);
  execFileSync("git", ["init", "--quiet", repository]);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function built(source: string) {
  const root = join(__dirname, "../../../..");
  return spawnSync(process.execPath, [join(root, "scripts/run.mjs"), "build-image"], {
    encoding: "utf8",
    env: { ...process.env, TMPDIR: temporary },
    input: JSON.stringify({ dockerHost: "unix:///nowhere", source, tag: "v1.5.8", context: ".", image: "api:1.5.8" }),
  });
}

test.each([
  ["a tag that does not exist", repository, "the source has no tag v1.5.8"],
  ["a source that cannot be read", join(folder, "nowhere"), "the source cannot be read"],
])("%s refuses the build, and is not a fault of the program", { timeout: 60_000 }, (_, source, what) => {
  const { status, stdout, stderr } = built(source);
  expect(stderr).toMatch(new RegExp(`^Nothing was touched: ${what}\\.\n  .*Git says: fatal: .*\nNext: .*\n$`));
  expect(stderr).toContain(`git ls-remote --tags ${source}`);
  expect([status, stdout]).toEqual([1, ""]);
  expect(readdirSync(temporary)).toEqual([]); // neither a stack trace nor the checkout
});
