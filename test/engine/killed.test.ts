import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectUp } from "../support/expectations";
import { run, TestStack } from "../support/stack";

const ROOT = join(__dirname, "../..");
const stack = new TestStack("test-killed", 18320);
const ORPHAN = "nestfleet-test-killed-api-0abcdef";
const GONE = 2 ** 22 + 1;

beforeAll(async () => {
  await stack.create({ version: "1.4.2" });
  await expectUp(stack);
});
afterAll(async () => {
  await stack.dispose();
});

/** The file backend, as `stack` has it. */
const backend = () => join((stack.environment()["PULUMI_BACKEND_URL"] ?? "").replace("file://", ""), ".pulumi");
const locks = () => join(backend(), "locks/organization/nestfleet/test-killed");
const stateFile = () => join(backend(), "stacks/nestfleet/test-killed.json");

function lock(pid: number, machine = hostname()): void {
  mkdirSync(locks(), { recursive: true });
  const held = { pid, username: "somebody", hostname: machine, timestamp: "2026-11-26T08:00:00Z" };
  writeFileSync(join(locks(), "0aa0.json"), JSON.stringify(held));
}

/** What `kill -9` leaves when the container of an api was made, and the state was not written yet. */
async function leaveOrphan(): Promise<void> {
  const state = JSON.parse(readFileSync(stateFile(), "utf8")) as {
    checkpoint: { latest: { resources: { urn: string; type: string }[]; pending_operations?: object[] } };
  };
  const { latest } = state.checkpoint;
  const api = latest.resources.find(({ urn, type }) => type.endsWith(":Container") && urn.endsWith("-api"));
  latest.pending_operations = [{ resource: { ...api, id: undefined }, type: "creating" }];
  writeFileSync(stateFile(), JSON.stringify(state));
  const labels = ["stack=test-killed", "role=api", "version=1.4.2"].flatMap((label) => [
    "--label",
    `org.nestfleet.${label}`,
  ]);
  const image = (await stack.docker.run(["ps", "--quiet", "--filter", "name=^nestfleet-test-killed-postgres$"])).trim();
  const { Image } = (await stack.docker.inspect(image)) as { Image: string };
  await stack.docker.run(["run", "--detach", "--name", ORPHAN, ...labels, "--entrypoint", "sleep", Image, "600"]);
}

const orphan = async () => (await stack.docker.run(["ps", "--quiet", "--filter", `name=^${ORPHAN}$`])).trim();
const pending = () => readFileSync(stateFile(), "utf8").includes("pending_operations");

/** An installed Pulumi, without the wrapper: the CLI, and the environment that it finds its parts by. */
function installed(): { cli: string; env: NodeJS.ProcessEnv } {
  const find = "source scripts/toolchain.sh; find_cli; echo $CLI; echo $CLI_HOME";
  const { stdout } = spawnSync("bash", ["-c", find], { cwd: ROOT, encoding: "utf8" });
  const [cli = "", home = ""] = stdout.split("\n");
  const PATH = `${join(cli, "..")}:${process.env["PATH"] ?? ""}`;
  const quick = { PULUMI_SKIP_UPDATE_CHECK: "1", PULUMI_NODEJS_TRANSPILE_ONLY: "true" };
  return { cli, env: { ...stack.environment(), ...quick, PULUMI_HOME: home, PATH } };
}

function plain(...words: string[]) {
  const { cli, env } = installed();
  return run(cli, ["--non-interactive", ...words, "--stack", stack.name], env);
}

test("a preview says what a killed run has left, and changes nothing of it", async () => {
  lock(GONE);
  await leaveOrphan();
  const [before, id] = [readFileSync(stateFile(), "utf8"), await orphan()];
  const { exitCode, output } = await stack.try("preview");
  expect(exitCode, output).toBe(0);
  expect(output).toMatch(
    /A killed run of somebody@\S+ \(pid \d+\) has left its lock[^\n]*scripts\/pulumi up --stack test-killed/,
  );
  expect(output).toContain("A run of pulumi was killed (creating nestfleet-test-killed-api)");
  expect(output).toContain(`Container ${ORPHAN}, which no state knows, is removed then`);
  expect(readFileSync(stateFile(), "utf8")).toBe(before);
  expect(readdirSync(locks())).toEqual(["0aa0.json"]);
  expect(await orphan()).toBe(id);
});

test("while another machine works a preview looks all the same, and an update waits for it", async () => {
  lock(7, "elsewhere");
  const { exitCode, output } = await stack.try("preview");
  expect(exitCode, output).toBe(0);
  expect(output).toMatch(/somebody@elsewhere \(pid 7\) works on stack test-killed since/);
  const refused = await stack.up();
  expect(refused.exitCode).not.toBe(0);
  expect(refused.output).toContain("scripts/pulumi cancel --stack test-killed");
  expect(await orphan()).not.toBe("");
});

test("an update clears lock, operations and container, and finds nothing else to do", async () => {
  lock(GONE);
  const { exitCode, output } = await stack.up();
  expect(exitCode, output).toBe(0);
  expect(output).toMatch(
    /The lock of somebody@[^\n]* is freed[^]*Container nestfleet-test-killed-api-0abcdef[^\n]* is removed/,
  );
  expect(await orphan()).toBe("");
  expect(pending()).toBe(false);
  expect(await stack.preview()).toEqual([]);
});

test("on a backend without files the state is asked for its operations", async () => {
  await leaveOrphan();
  const { cli, env } = installed();
  const input = { cli, project: "nestfleet", stack: stack.name, clears: true };
  const ended = await run(process.execPath, ["scripts/run.mjs", "recover"], env, JSON.stringify(input));
  expect(ended.exitCode, ended.output).toBe(0);
  expect(await orphan()).toBe("");
  expect(pending()).toBe(false);
});

test("with any Pulumi the program names what is left, and an update removes the container", async () => {
  await leaveOrphan();
  const preview = await plain("preview");
  expect(preview.output).toMatch(
    new RegExp(`container ${ORPHAN} was made by a run that was killed[^\\n]*pulumi up --stack`),
  );
  expect(await orphan()).not.toBe("");
  const update = await plain("up", "--yes", "--skip-preview");
  expect(update.exitCode, update.output).toBe(0);
  expect(update.output).toMatch(/is removed[^]*pulumi refresh --clear-pending-creates --stack test-killed/);
  expect(await orphan()).toBe("");
  rmSync(locks(), { recursive: true, force: true });
});
