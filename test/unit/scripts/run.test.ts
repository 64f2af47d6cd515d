import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const ROOT = join(__dirname, "../../..");
const LONG_AGO = new Date("2001-01-01");

let tree = "";
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), "nestfleet-run-"));
  for (const folder of ["scripts", "components"]) mkdirSync(join(tree, folder));
  cpSync(join(ROOT, "scripts/run.mjs"), join(tree, "scripts/run.mjs"));
  cpSync(join(ROOT, "package-lock.json"), join(tree, "package-lock.json"));
  symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
});
afterEach(() => {
  rmSync(tree, { recursive: true });
});

/** As rsync, tar and docker cp bring it: with the time of its own. */
function deploy(file: string, text: string): void {
  writeFileSync(join(tree, file), text);
  utimesSync(join(tree, file), LONG_AGO, LONG_AGO);
}

const run = () => execFileSync(process.execPath, [join(tree, "scripts/run.mjs"), "greet"], { encoding: "utf8" });
const compiled = () => readdirSync(join(tree, ".nestfleet/scripts"));

test("sources that are older than what was compiled before them run all the same", { timeout: 60_000 }, () => {
  deploy("components/word.ts", 'export const word = "one";');
  deploy("scripts/greet.ts", 'import { word } from "../components/word"; console.log(word);');
  expect(run()).toBe("one\n");
  const [first] = compiled();
  expect(run()).toBe("one\n");
  expect(compiled()).toEqual([first]);
  deploy("components/word.ts", 'export const word = "two";');
  expect(run()).toBe("two\n");
  expect(compiled()).toHaveLength(1);
  deploy("package-lock.json", "{}");
  expect(run()).toBe("two\n");
  expect(compiled()).not.toContain(first);
});

test("a script that does not exist is refused", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(tree, "scripts/run.mjs"), "../greet"], {
    encoding: "utf8",
  });
  expect(status).toBe(2);
  expect(stderr).toBe("there is no script ../greet\n");
});
