import { execFile, execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const ROOT = join(__dirname, "../../..");
const LONG_AGO = new Date("2001-01-01");

let tree = "";
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), "nestfleet-run-"));
  for (const folder of ["scripts", "components"]) mkdirSync(join(tree, folder));
  for (const file of ["scripts/run.mjs", "scripts/compile.mjs", "scripts/program.cjs", "package-lock.json"])
    cpSync(join(ROOT, file), join(tree, file));
  symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
});
afterEach(() => {
  rmSync(tree, { recursive: true });
});

/** Copies a source as rsync, tar and docker cp do, with its own time. */
function deploy(file: string, text: string): void {
  writeFileSync(join(tree, file), text);
  utimesSync(join(tree, file), LONG_AGO, LONG_AGO);
}

const run = () => execFileSync(process.execPath, [join(tree, "scripts/run.mjs"), "greet"], { encoding: "utf8" });
const running = () => spawnSync(process.execPath, [join(tree, "scripts/run.mjs"), "greet"], { encoding: "utf8" });
const kept = () => readdirSync(join(tree, ".nestfleet/scripts")).sort();
const compiled = () => kept().filter((file) => file.endsWith(".cjs"));

test("sources that are older than the compiled file run all the same", { timeout: 60_000 }, () => {
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
  expect(kept()).toHaveLength(2); // with its map
});

test("a script that does not exist is refused", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(tree, "scripts/run.mjs"), "../greet"], {
    encoding: "utf8",
  });
  expect(status).toBe(2);
  expect(stderr).toBe("there is no script ../greet\n");
});

test("several that compile the same at once all run, and leave one compiled file", async () => {
  deploy("scripts/greet.ts", 'console.log("hello");');
  const all = Array.from({ length: 4 }, () =>
    promisify(execFile)(process.execPath, [join(tree, "scripts/run.mjs"), "greet"]),
  );
  expect((await Promise.all(all)).map(({ stdout }) => stdout)).toEqual(Array(4).fill("hello\n"));
  expect(kept()).toHaveLength(2);
});

test("sources that cannot be compiled are named, with what to do", () => {
  deploy("scripts/greet.ts", "console.log(");
  const { status, stderr, stdout } = running();
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^scripts\/greet\.ts cannot be compiled: [^]*scripts\/greet\.ts:1:12: ERROR/);
  expect(stderr).toContain(
    `\nNext: (cd ${tree} && npm ci); if this message comes again, look what was changed: git -C ${tree} status\n`,
  );
  expect(stderr).not.toContain("    at ");
});

test("without the libraries it says how to install them", () => {
  deploy("scripts/greet.ts", 'console.log("hello");');
  rmSync(join(tree, "node_modules"));
  const { status, stderr } = running();
  expect([status, stderr]).toEqual([1, `the libraries are missing\nNext: (cd ${tree} && npm ci)\n`]);
});

test("if the folder is not writable it runs all the same", () => {
  deploy("scripts/greet.ts", 'console.log("hello");');
  writeFileSync(join(tree, ".nestfleet"), "");
  expect(run()).toBe("hello\n");
});

test("a compiled file that cannot be read is made again", () => {
  deploy("scripts/greet.ts", 'console.log("hello");');
  expect(run()).toBe("hello\n");
  const [file = ""] = compiled();
  rmSync(join(tree, ".nestfleet/scripts", file));
  mkdirSync(join(tree, ".nestfleet/scripts", file)); // root may read every file
  expect(run()).toBe("hello\n");
});

test("sources that change while they are compiled are compiled again", () => {
  deploy("scripts/greet.ts", 'import { word } from "../components/word"; console.log(word);');
  deploy("components/word.ts", 'export const word = "one";');
  // esbuild's own program is replaced by one that brings the next sources first.
  const esbuild = join(tree, "esbuild");
  writeFileSync(
    esbuild,
    `#!/bin/sh\n[ -e ${tree}/done ] || { touch ${tree}/done; echo 'export const word = "two";' > ${tree}/components/word.ts; }\nexec ${require.resolve(`@esbuild/${process.platform}-${process.arch}/bin/esbuild`)} "$@"\n`,
  );
  chmodSync(esbuild, 0o755);
  const { stdout, stderr } = spawnSync(process.execPath, [join(tree, "scripts/run.mjs"), "greet"], {
    encoding: "utf8",
    env: { ...process.env, ESBUILD_BINARY_PATH: esbuild },
  });
  expect(stdout, stderr).toBe("two\n");
  deploy("components/word.ts", 'export const word = "one";');
  expect(run()).toBe("one\n");
});

test("an error is traced to the line of its source", () => {
  deploy("components/word.ts", '\n\nexport function word(): string {\n  throw new Error("no word");\n}\n');
  deploy("scripts/greet.ts", 'import { word } from "../components/word";\nconsole.log(word());\n');
  for (const time of ["compiled now", "compiled before"])
    expect(running().stderr, time).toMatch(
      new RegExp(
        `Error: no word\n    at word \\(${tree}/components/word\\.ts:4:9\\)\n    at [^\n]*${tree}/scripts/greet\\.ts:2:13`,
      ),
    );
});

describe("the program", () => {
  const program = (code: string) => spawnSync(process.execPath, ["-e", code], { cwd: tree, encoding: "utf8" });
  const start = 'require("./scripts/program.cjs")()';

  test("is index.ts, compiled, with the one @pulumi/pulumi that runs it", () => {
    deploy(
      "index.ts",
      'import * as pulumi from "@pulumi/pulumi";\nexport = async () => ({ pulumi, url: "http://localhost" });\n',
    );
    const { stdout, stderr } = program(
      `${start}.then(({ pulumi, url }) => console.log(url, pulumi.Output === require("@pulumi/pulumi").Output))`,
    );
    expect(stdout, stderr).toBe("http://localhost true\n");
    expect(compiled()).toEqual([expect.stringMatching(/^index\.[0-9a-f]{16}\.cjs$/)]);
    deploy("index.ts", 'export = async () => "other";\n');
    expect(program(`${start}.then(console.log)`).stdout).toBe("other\n");
  });

  test("that cannot be compiled ends with a message, without a stack trace", () => {
    deploy("index.ts", "export = (");
    const { stdout } = program(
      `${start}.catch((error) => console.log(require("@pulumi/pulumi").RunError.isInstance(error), error.stack === error.message, error.message))`,
    );
    expect(stdout).toMatch(/^true true index\.ts cannot be compiled: [^]*\nNext: /);
  });
});
