import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const ROOT = join(__dirname, "../../..");

/** A CLI that installs a plugin, with or without a folder. It notes each call except the one for its version. */
const CLI = `#!/bin/bash
[[ $1 != version ]] || { echo v3.259.0; exit; }
echo "pulumi $* home=$PULUMI_HOME" >>"$CALLS"
folder=$PULUMI_HOME/plugins/resource-$4-v$5
rm -rf "$folder" && mkdir -p "$folder" && touch "$folder/pulumi-resource-$4" && chmod +x "$folder"/*
[[ $6 != --file ]] || cp -R "$7/." "$folder/"
`;
/** The wrapper of the npm package, which puts the CLI where its README says. */
const NPX = `#!/bin/bash
echo "npx $*" >>"$CALLS"
bin=$PULUMI_HOME/versions/3.259.0/bin
mkdir -p "$bin" && cp "$FAKE_CLI" "$bin/pulumi"
[[ -z $BREAKS ]] || { echo 'curl: (56) connection reset' >&2; exit 1; }
cp "$FAKE_CLI" "$bin/pulumi-language-nodejs"
`;
const GO = `#!/bin/bash
[[ $1 != env ]] || { echo go1.26.0; exit; }
echo "go build \${*: -1}" >>"$CALLS"
while [[ $1 != -o ]]; do shift; done
cp "$FAKE_CLI" "$2"
`;

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "nestfleet-toolchain-"));
  for (const folder of ["scripts", "bin"]) mkdirSync(join(home, folder));
  for (const file of ["scripts/toolchain.sh", "scripts/lib.sh", "toolchain"])
    cpSync(join(ROOT, file), join(home, file), { recursive: true });
  writeFileSync(join(home, "cli"), CLI, { mode: 0o755 });
  for (const [name, content] of Object.entries({ npx: NPX, go: GO, npm: "", curl: "" })) stub(name, content);
  symlinkSync(process.execPath, join(home, "bin/node"));
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

const stub = (name: string, content: string) => {
  writeFileSync(join(home, "bin", name), content, { mode: 0o755 });
};
const ours = () => join(home, ".nestfleet/pulumi");
const install = (name: string, version: string) =>
  `pulumi plugin install resource ${name} ${version} --reinstall home=${ours()}`;
const DOWNLOADS = () => [
  "npx --yes pulumi@3.259.0 version",
  install("docker", "5.2.0"),
  install("random", "4.21.2"),
  install("command", "1.2.1"),
];

/** Runs the script once, and gives what it has called. */
function toolchain({ resolves = true, breaks = "" } = {}) {
  const calls = join(home, "calls");
  writeFileSync(calls, "");
  stub("getent", `#!/bin/sh\n[ "$2" = get.pulumi.com ] && exit ${resolves ? "0" : "2"}\n`);
  const env = {
    PATH: `${home}/bin:/usr/bin:/bin`,
    HOME: home,
    CALLS: calls,
    FAKE_CLI: join(home, "cli"),
    BREAKS: breaks,
    PULUMI_VERSION: "3.265.0", // of the operator: another than the pinned one
  };
  const { status, stderr } = spawnSync(join(home, "scripts/toolchain.sh"), { encoding: "utf8", env });
  return { status, stderr, calls: readFileSync(calls, "utf8").split("\n").filter(Boolean) };
}

describe("if the download host resolves", () => {
  test("the CLI comes with its npm package, the plugins come with the CLI, and both come once", () => {
    const { status, stderr, calls } = toolchain();
    expect(status, stderr).toBe(0);
    expect(calls).toEqual(DOWNLOADS());
    expect(stderr).toContain(`Pulumi v3.259.0: ours (${ours()})`);
    expect(toolchain()).toMatchObject({ status: 0, calls: [] });
  });

  test("an incomplete download does not count", () => {
    const { status, stderr } = toolchain({ breaks: "yes" });
    expect(status).toBe(1);
    expect(stderr).toContain("connection reset\npulumi 3.259.0 could not be downloaded.");
    expect(readdirSync(ours())).toEqual(["lock"]);
    expect(toolchain().calls).toEqual(DOWNLOADS());
  });

  test("the wrapper of the npm package does not count as an installed CLI, because calling it would download one", () => {
    stub("pulumi", '#!/bin/bash\necho "asked: $*" >>"$CALLS"\n');
    expect(toolchain().calls).toEqual(DOWNLOADS());
  });

  test("what an earlier version of this program has put elsewhere is removed", () => {
    for (const folder of ["bin", "versions/3.200.0/bin"]) {
      mkdirSync(join(ours(), folder), { recursive: true });
      writeFileSync(join(ours(), folder, "pulumi"), CLI, { mode: 0o755 });
    }
    expect(toolchain().calls).toEqual(DOWNLOADS());
    expect(readdirSync(ours()).sort()).toEqual(["lock", "plugins", "versions"]);
    expect(readdirSync(join(ours(), "versions"))).toEqual(["3.259.0"]);
  });
});

describe("if it does not resolve", () => {
  const builds = (calls: readonly string[]) => calls.filter((call) => call.startsWith("go "));

  test("all parts are built once, and a part whose sources change is built again", () => {
    const { status, stderr, calls } = toolchain({ resolves: false });
    expect(status, stderr).toBe(0);
    expect(builds(calls)).toEqual([
      "go build github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      "go build github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
      "go build ./resource-docker",
      "go build ./resource-random",
      "go build ./resource-command",
    ]);
    expect(toolchain({ resolves: false })).toMatchObject({ status: 0, calls: [] });
    appendFileSync(join(home, "toolchain/resource-random/main.go"), "\n");
    appendFileSync(join(home, "toolchain/language-nodejs/go.mod"), "\n");
    expect(builds(toolchain({ resolves: false }).calls)).toEqual([
      "go build github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
      "go build ./resource-random",
    ]);
    expect(toolchain({ resolves: false })).toMatchObject({ status: 0, calls: [] });
  });

  test("a build that was killed before its last step is made again", () => {
    toolchain({ resolves: false });
    const plugins = join(ours(), "plugins");
    writeFileSync(join(plugins, "resource-docker-v5.2.0.partial"), "");
    rmSync(join(ours(), "versions/3.259.0/bin/pulumi"));
    expect(existsSync(join(ours(), "versions/3.259.0/bin/pulumi.stamp"))).toBe(true);
    expect(builds(toolchain({ resolves: false }).calls)).toEqual([
      "go build github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      "go build ./resource-docker",
    ]);
  });
});
