import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "nestfleet-jobs-"));
  mkdirSync(join(home, "scripts"));
  cpSync(join(__dirname, "../../../scripts/lib.sh"), join(home, "scripts/lib.sh"));
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

const START = () => `set -euo pipefail; source ${home}/scripts/lib.sh;`;
function bash(script: string) {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", `${START()} ${script}`], { encoding: "utf8" });
  return { status, stdout, stderr };
}
const log = (name: string) => readFileSync(join(home, `.nestfleet/log/${name}.log`), "utf8");

test("a job's lines carry its name, and are in its log without it", () => {
  const { status, stdout, stderr } = bash("beside a bash -c 'echo one; printf two >&2'; wait_for_jobs; echo after");
  expect({ status, stdout }).toEqual({ status: 0, stdout: "after\n" });
  expect(stderr).toBe("a: one\na: two\n");
  expect(log("a")).toBe("one\ntwo\n");
});

test("every job that fails is reported with its exit code and its log, and the first one's code is the script's", () => {
  const { status, stdout, stderr } = bash(
    "beside a bash -c 'sleep 0.1; exit 7'; beside b true; beside c bash -c 'exit 3'; wait_for_jobs; echo after",
  );
  expect({ status, stdout }).toEqual({ status: 7, stdout: "" });
  const failed = (name: string, code: number) =>
    `${name} failed with exit code ${String(code)}; what it printed: ${home}/.nestfleet/log/${name}.log\n`;
  expect(stderr).toBe(failed("a", 7) + failed("c", 3));
});

test("a script that fails ends its jobs, and reports those that have failed before it", () => {
  const { status, stderr } = bash(
    "beside a bash -c 'sleep 30; echo late'; beside b bash -c 'exit 3'; sleep 0.3; exit 5",
  );
  expect(status).toBe(5);
  expect(stderr).toContain("b failed with exit code 3");
  expect(stderr).not.toMatch(/a failed|late/);
}, 20_000);

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s ends a job with all that it has started", async (signal) => {
  const pids = join(home, "pids");
  writeFileSync(pids, "");
  const inner = `echo $$ >>${pids}; (echo $BASHPID >>${pids}; exec sleep 300) & echo $! >>${pids}; wait`;
  writeFileSync(join(home, "nested"), `${START()} beside inner bash -c '${inner}'; wait_for_jobs`);
  const script = spawn("bash", ["-c", `${START()} beside outer bash ${home}/nested; wait_for_jobs`], {
    stdio: "ignore",
  });
  const ended = new Promise<number | null>((resolve) => script.once("exit", resolve));
  const started = () => [...new Set(readFileSync(pids, "utf8").split("\n").filter(Boolean))].map(Number);
  while (started().length < 2) await setTimeout(20);
  script.kill(signal);
  expect(await ended).toBe(signal === "SIGINT" ? 130 : 143);
  expect(started().filter(isAlive)).toEqual([]);
});

/** A process that has ended and that no parent waits for is listed with the state Z. */
function isAlive(pid: number): boolean {
  return /^[^Z]/.test(spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout);
}
