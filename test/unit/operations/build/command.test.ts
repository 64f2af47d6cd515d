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

function built(input: string) {
  const root = join(__dirname, "../../../..");
  const env = { ...process.env, TMPDIR: temporary };
  return spawnSync(process.execPath, [join(root, "scripts/run.mjs"), "build-image"], { encoding: "utf8", env, input });
}

test.each([
  ["a tag that does not exist", repository, "the source has no tag v1.5.8"],
  ["a source that cannot be read", join(folder, "nowhere"), "the source cannot be read"],
])("%s refuses the build, and is not a fault of the program", { timeout: 60_000 }, (_, source, what) => {
  const request = { dockerHost: "unix:///nowhere", source, tag: "v1.5.8", context: ".", image: "api:1.5.8" };
  const { status, stdout, stderr } = built(JSON.stringify(request));
  expect(stderr).toMatch(new RegExp(`^Nothing was touched: ${what}\\.\n  .*Git says: fatal: .*\nNext: .*\n$`));
  expect(stderr).toContain(`git ls-remote --tags ${source}`);
  expect([status, stdout]).toEqual([1, ""]);
  expect(readdirSync(temporary)).toEqual([]); // neither a stack trace nor the checkout
});

test("an input that is not JSON is not a fault of the program", { timeout: 60_000 }, () => {
  const { status, stderr } = built("as typed");
  expect(stderr).toMatch(/^Data that was read does not have the expected form:\n {2}the whole: .*\nNext: /);
  expect(status).toBe(1);
  expect(readdirSync(temporary)).toEqual([]);
});
