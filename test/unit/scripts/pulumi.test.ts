import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const ROOT = join(__dirname, "../../..");
/** A CLI that prints its arguments, and has no selected stack. */
const CLI = `#!/bin/sh
case "$*" in version) echo v3.259.0; exit ;; *--show-name*) exit 1 ;; esac
echo "called: $* backend=$PULUMI_BACKEND_URL passphrase=$PULUMI_CONFIG_PASSPHRASE_FILE as=$NESTFLEET_PULUMI"
`;

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "nestfleet-wrapper-"));
  for (const folder of ["scripts", "toolchain", "bin", "home"]) mkdirSync(join(home, folder));
  for (const file of ["scripts/pulumi", "scripts/toolchain.sh", "scripts/lib.sh", "toolchain/versions.env"])
    cpSync(join(ROOT, file), join(home, file));
  const plugins = ["docker", "random", "command"].map((name) => `pulumi-resource-${name}`);
  for (const name of ["pulumi", "pulumi-language-nodejs", ...plugins])
    writeFileSync(join(home, "bin", name), CLI, { mode: 0o755 });
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

function pulumi(words: string[], environment: Record<string, string> = {}) {
  const env = { PATH: `${home}/bin:${process.env["PATH"] ?? ""}`, HOME: join(home, "home"), ...environment };
  const { status, stdout, stderr } = spawnSync(join(home, "scripts/pulumi"), words, { encoding: "utf8", env });
  return { status, output: stdout + stderr };
}

const local = () => readdirSync(join(home, ".nestfleet")).filter((name) => ["state", "passphrase"].includes(name));

test("only its user can read what it makes, with any umask of the shell", () => {
  const before = process.umask(0o022);
  try {
    expect(pulumi(["stack", "init", "demo"]).status).toBe(0);
  } finally {
    process.umask(before);
  }
  const modes = ["", "state", "passphrase"].map((name) => statSync(join(home, ".nestfleet", name)).mode & 0o777);
  expect(modes).toEqual([0o700, 0o700, 0o600]);
});

describe("where no backend is chosen", () => {
  test.each([
    ["stack", "init", "prod"],
    ["stack", "init", "--secrets-provider", "passphrase", "acme/nestfleet/prod"],
    ["up", "--stack", "prod"],
    ["--cwd", "/tmp", "config", "set", "--stack=prod", "nestfleet:version", "1.4.2"],
    ["preview", "-s", "prod"],
  ])("a production stack is refused without a chosen place of its state: %s %s %s", (...words) => {
    const { status, output } = pulumi(words);
    expect(status).toBe(1);
    expect(output).toMatch(/No place is chosen for the state of stack prod[^]*pulumi login[^]*PASSPHRASE_FILE/);
    expect(output).not.toContain("called:");
  });

  test.each([["stack", "init", "demo"], ["config", "--stack", "test-a"], ["whoami"], ["stack", "ls"]])(
    "demo, tests and commands without a stack use .nestfleet: %s",
    (...words) => {
      const { status, output } = pulumi(words);
      expect(status, output).toBe(0);
      expect(output).toContain(`called: ${words.join(" ")} backend=file://${home}/.nestfleet/state`);
      expect(output).toContain("as=scripts/pulumi");
      expect(local()).toEqual(["passphrase", "state"]);
    },
  );

  test("a login uses the backend on its command line, and makes none", () => {
    expect(pulumi(["login", "s3://bucket"]).output).toContain("called: login s3://bucket backend= ");
    expect(local()).toEqual([]);
  });

  test("an existing state still works, with a warning that says what to copy", () => {
    mkdirSync(join(home, ".nestfleet/state/.pulumi/stacks/nestfleet"), { recursive: true });
    writeFileSync(join(home, ".nestfleet/state/.pulumi/stacks/nestfleet/prod.json"), "{}");
    const { status, output } = pulumi(["config", "--stack", "prod"]);
    expect(status).toBe(0);
    expect(output).toMatch(
      /The state of prod is in \S+\.nestfleet\/state, its passphrase in \S+\/passphrase[^]*copy both/,
    );
    expect(output).toContain("called: config --stack prod");
  });
});

test("a backend that is chosen is used as it is", () => {
  const chosen = pulumi(["config", "--stack", "prod"], { PULUMI_BACKEND_URL: "s3://bucket" });
  expect(chosen).toEqual({
    status: 0,
    output: "called: config --stack prod backend=s3://bucket passphrase= as=scripts/pulumi\n",
  });
  mkdirSync(join(home, "home/.pulumi"));
  writeFileSync(join(home, "home/.pulumi/credentials.json"), '{\n  "current": "file:///srv/state"\n}');
  expect(pulumi(["config", "--stack", "prod"]).output).toContain("backend= passphrase= ");
  expect(local()).toEqual([]);
});
