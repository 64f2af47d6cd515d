import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  expectNoChange,
  expectNothingLeft,
  expectServesOrSettled,
  expectSettled,
  expectUp,
} from "../support/expectations";
import { momentsOf } from "../support/kills";
import { Load } from "../support/load";
import { planned } from "../support/planned";
import { FULL, PER_SECOND, REHEARSAL } from "../support/scale";
import { installed } from "../support/installed";
import { run, TestStack } from "../support/stack";

const stack = new TestStack("test-kill", 18110);
const CASES = 500;
/** Cases that are newer than the backup. A `restore` that is still configured must not remove them. */
const LATER = 7;
/** About as long as an upgrade takes, and a rollback. */
const [UPGRADE_MS, ROLLBACK_MS] = [26_000, 22_000];
const ORPHAN = `nestfleet-${stack.name}-api-0abcdef`;
const GONE = 2 ** 22 + 1;

/**
 * The moments to kill an upgrade: after the cutover, between the worker's gate and the verdict, and while the copy is
 * migrated.
 */
const UPGRADES = momentsOf(
  [/requests go to/, ...(FULL ? [/worker is healthy/, /rehearsal: \S+ restored/] : [])],
  UPGRADE_MS,
);
/** The moments to kill a rollback: while requests wait, once the restored data are served, and during the restore. */
const ROLLBACKS = momentsOf(
  [/requests are held; frozen/, ...(FULL ? [/serves the restored data/, /restored \S+ beside the live database/] : [])],
  ROLLBACK_MS,
);
const ROUNDS = UPGRADES.map((upgrade, index) => [upgrade, ROLLBACKS[index] ?? ROLLBACK_MS, index] as const);

/** The backup of 1.4.2, from before its database was migrated. */
let backup = "";
/** The cases in that backup. */
let backedUp = "";

beforeAll(async () => {
  await stack.create({ version: "1.4.2", rehearsal: REHEARSAL });
  await expectUp(stack);
  await stack.sql(cases(CASES));
});

afterAll(async () => {
  await stack.dispose();
});

function cases(count: number): string {
  return `INSERT INTO cases (id, title, priority, processed_at) SELECT gen_random_uuid(), 'case ' || n, 'normal', now() FROM generate_series(1, ${count}) n`;
}

function count(database?: string): Promise<string> {
  return stack.sql("SELECT count(*) FROM cases", database);
}

/** Stores the id of the first backup, which every rollback restores. */
async function noteBackup(): Promise<void> {
  const inside = ["exec", `nestfleet-${stack.name}-postgres`];
  const files = await stack.docker.run([...inside, "ls", "/backups"]);
  backup = /^(\S+-1\.4\.2)\.json$/m.exec(files)?.[1] ?? "";
  const manifest = await stack.docker.run([...inside, "cat", `/backups/${backup}.json`]);
  backedUp = String((JSON.parse(manifest) as { rows: Record<string, number> }).rows["public.cases"]);
  expect(Number(backedUp)).toBeGreaterThanOrEqual(CASES);
}

/** Forbids connections to the database, as a kill in the middle of the swap does. A preview must report it. */
async function leaveLocked(): Promise<void> {
  await stack.sql("ALTER DATABASE nestfleet ALLOW_CONNECTIONS false", "postgres");
  expect((await planned(stack)).text).toMatch(
    /an update was killed while requests were held: \S+ up .* first takes that update back or finishes it/,
  );
}

describe.each(ROUNDS)("killed with -9 at %s and at %s, the next up converges", (upgrade, rollback, index) => {
  test("an upgrade: no request failed, none was lost, each job was done once, and nothing is left behind", async () => {
    await stack.configure({ version: "1.5.0" });
    const load = new Load(stack.httpPort, PER_SECOND);
    await stack.upKilled(upgrade);
    expect((await stack.containers())["worker"]).not.toEqual(undefined);
    await expectUp(stack);
    const report = await load.stop();
    expect(report.failed).toEqual([]);
    expect(report.sent).toBeGreaterThan(10 * PER_SECOND);
    expect(await stack.missing(report.created)).toEqual([]);
    const undone = () => stack.sql("SELECT count(*) FROM cases WHERE processed_at IS NULL");
    await expect.poll(undone, { timeout: 60_000 }).toBe("0");
    await expectServesOrSettled(stack, "1.5.0");
    await expectNothingLeft(stack);
    if (index === 0) await noteBackup();
    else
      expect(Number(await count()), "a leftover restore does nothing").toBe(
        Number(backedUp) + LATER + report.created.length,
      );
  });

  test("a rollback: exactly the rows of the backup serve, those from before are kept", async () => {
    await stack.sql(cases(LATER));
    const before = await count();
    await stack.configure({ version: "1.4.2", restore: backup });
    // Every other time all processes are killed, so that none can undo the rollback before the next run.
    await stack.upKilled(rollback, { withChildren: index % 2 === 0 });
    if (index === 0) await leaveLocked();
    await expectUp(stack);
    expect(await count()).toBe(backedUp);
    const kept = await stack.sql("SELECT max(datname) FROM pg_database WHERE datname ~ 'replaced'");
    expect(await count(kept)).toBe(before);
    await expectSettled(stack, "1.4.2");
    await expectNothingLeft(stack);
    await stack.sql(cases(LATER)); // the next upgrade must keep them
  });
});

test("each rollback is in the history once, and nothing else is left over", async () => {
  const history = await stack.history();
  const rolledBack = history.filter(({ verdict }) => verdict === "rolled back");
  expect(new Set(rolledBack.map(({ replaced }) => replaced)).size).toBe(rolledBack.length);
  expect(rolledBack.length).toBe(ROUNDS.length);
  const others = "SELECT datname FROM pg_database WHERE datname !~ 'replaced' ORDER BY datname";
  expect((await stack.sql(others)).split("\n")).toEqual(["nestfleet", "postgres", "template0", "template1"]);
});

/** The folder of the stack's file backend. */
const backend = () => join((stack.environment()["PULUMI_BACKEND_URL"] ?? "").replace("file://", ""), ".pulumi");
const locks = () => join(backend(), `locks/organization/nestfleet/${stack.name}`);
const stateFile = () => join(backend(), `stacks/nestfleet/${stack.name}.json`);

function lock(pid: number, machine = hostname()): void {
  mkdirSync(locks(), { recursive: true });
  const held = { pid, username: "somebody", hostname: machine, timestamp: "2026-11-26T08:00:00Z" };
  writeFileSync(join(locks(), "0aa0.json"), JSON.stringify(held));
}

/** Makes what `kill -9` leaves if an api's container was made and the state was not written yet. */
async function leaveOrphan(): Promise<void> {
  const state = JSON.parse(readFileSync(stateFile(), "utf8")) as {
    checkpoint: { latest: { resources: { urn: string; type: string }[]; pending_operations?: object[] } };
  };
  const { latest } = state.checkpoint;
  const api = latest.resources.find(({ urn, type }) => type.endsWith(":Container") && urn.endsWith("-api"));
  latest.pending_operations = [{ resource: { ...api, id: undefined }, type: "creating" }];
  writeFileSync(stateFile(), JSON.stringify(state));
  const labels = [`stack=${stack.name}`, "role=api", "version=1.4.2"].flatMap((label) => [
    "--label",
    `org.nestfleet.${label}`,
  ]);
  const image = (
    await stack.docker.run(["ps", "--quiet", "--filter", `name=^nestfleet-${stack.name}-postgres$`])
  ).trim();
  const { Image } = (await stack.docker.inspect(image)) as { Image: string };
  await stack.docker.run(["run", "--detach", "--name", ORPHAN, ...labels, "--entrypoint", "sleep", Image, "600"]);
}

const orphan = async () => (await stack.docker.run(["ps", "--quiet", "--filter", `name=^${ORPHAN}$`])).trim();
const pending = () => readFileSync(stateFile(), "utf8").includes("pending_operations");

function plain(...words: string[]) {
  const { cli, environment } = installed(stack.environment());
  return run(cli, ["--non-interactive", ...words, "--stack", stack.name], environment);
}

describe("what a killed run has left", () => {
  test("a preview says what a killed run has left, and changes nothing of it", async () => {
    lock(GONE);
    await leaveOrphan();
    const [before, id] = [readFileSync(stateFile(), "utf8"), await orphan()];
    const { exitCode, output } = await stack.try("preview");
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(
      /A killed run of somebody@\S+ \(pid \d+\) has left its lock[^\n]*scripts\/pulumi up --stack test-kill/,
    );
    expect(output).toContain("A run of pulumi was killed (creating nestfleet-test-kill-api)");
    expect(output).toContain(`It also removes the orphaned container ${ORPHAN}, which the state does not contain.`);
    expect(readFileSync(stateFile(), "utf8")).toBe(before);
    expect(readdirSync(locks())).toEqual(["0aa0.json"]);
    expect(await orphan()).toBe(id);
  });

  test("while another machine updates the stack, a preview still works, and an update waits", async () => {
    lock(7, "elsewhere");
    const { exitCode, output } = await stack.try("preview");
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/somebody@elsewhere \(pid 7\) works on stack test-kill since/);
    const refused = await stack.up();
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toContain("scripts/pulumi cancel --stack test-kill");
    expect(await orphan()).not.toBe("");
  });

  test("an update clears lock, operations and container, and finds nothing else to do", async () => {
    lock(GONE);
    const { exitCode, output, changed } = await stack.up();
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(
      /The lock of somebody@[^\n]* is removed[^]*container nestfleet-test-kill-api-0abcdef[^\n]* is removed/,
    );
    expect(changed).toEqual([]);
    expect(await orphan()).toBe("");
    expect(pending()).toBe(false);
    if (FULL) await expectNoChange(stack);
  });

  test("on a backend without files the state is asked for its operations", async () => {
    await leaveOrphan();
    const { cli, environment } = installed(stack.environment());
    const input = { cli, project: "nestfleet", stack: stack.name, clears: true };
    const ended = await run(process.execPath, ["scripts/run.mjs", "recover"], environment, JSON.stringify(input));
    expect(ended.exitCode, ended.output).toBe(0);
    expect(await orphan()).toBe("");
    expect(pending()).toBe(false);
  });

  test("with any Pulumi the program names what is left, and an update removes the container", async () => {
    await leaveOrphan();
    const preview = await plain("preview");
    expect(preview.output).toMatch(
      new RegExp(`container ${ORPHAN} is orphaned: a killed run made it[^\\n]*pulumi up --stack`),
    );
    expect(await orphan()).not.toBe("");
    const update = await plain("up", "--yes", "--skip-preview");
    expect(update.exitCode, update.output).toBe(0);
    expect(update.output).toMatch(/is removed[^]*pulumi refresh --clear-pending-creates --stack test-kill/);
    expect(await orphan()).toBe("");
    rmSync(locks(), { recursive: true, force: true });
  });
});
