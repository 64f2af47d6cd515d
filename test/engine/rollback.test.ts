import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Load, type LoadReport } from "../support/load";
import { FULL, PER_SECOND, ROLLBACK_MEGABYTES, seed } from "../support/scale";
import { expectNoChangeAtAll, expectNothingLeft, expectServes, expectSettled, expectUp } from "../support/expectations";
import { planned, refusalOf } from "../support/planned";
import { type Ran, run, TestStack } from "../support/stack";

const stack = new TestStack("test-rollback", 18140);
const REGISTRY = "127.0.0.1:5055";
const BROKEN = `${REGISTRY}/nestfleet/broken-api`;
/** A role that was dropped is created again, because it owns a table in the backup. */
const OWNERS = `
  SELECT DISTINCT tableowner || ' of ' || CASE tablename WHEN 'of_former' THEN tablename ELSE 'the others' END
    FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`;
const POSTGRES = `nestfleet-${stack.name}-postgres`;
/** Clients that connect again at once whenever they are disconnected, until their input ends. */
const CROWD = `
  for client in 1 2 3 4; do
    while :; do psql -qAt -U nestfleet -c 'SELECT 1' || sleep 0.01; done >/dev/null 2>&1 &
  done
  cat; kill 0`;
/** The backup of 1.4.2, from before the upgrade. */
let backup = "";
let seeded = 0;

beforeAll(async () => {
  await stack.create({ version: "1.4.2", rehearsal: "off" });
  await expectUp(stack);
  await stack.sql("ALTER SYSTEM SET max_prepared_transactions = 1");
  await stack.docker.run(["restart", POSTGRES]);
  await vi.waitFor(() => stack.sql("SELECT 1"), { timeout: 60_000 });
  await stack.sql(seed(ROLLBACK_MEGABYTES));
  // 29: owned by a role that no longer exists when the backup is restored.
  await stack.sql("CREATE ROLE former; CREATE TABLE of_former (n integer); ALTER TABLE of_former OWNER TO former");
  seeded = Number(await stack.sql("SELECT count(*) FROM cases"));
  await upgrade();
  await stack.sql("REASSIGN OWNED BY former TO nestfleet; DROP ROLE former");
  backup = /backup (\d{8}T\d{6}Z-1\.4\.2)/.exec(stack.said)?.[1] ?? "";
});

afterAll(async () => {
  await stack.dispose();
  await stack.docker.run(["image", "rm", "--force", `${BROKEN}:1.4.2`]);
});

async function upgrade(): Promise<void> {
  await stack.configure({ version: "1.5.0" });
  await expectUp(stack);
}

/** Does some work under load, in which no request may fail. */
async function underLoad<T extends Ran>(work: () => Promise<T>): Promise<{ ran: T; report: LoadReport }> {
  const load = new Load(stack.httpPort, PER_SECOND);
  const ran = await work();
  const report = await load.stop();
  expect(report.failed, ran.output).toEqual([]);
  return { ran, report };
}

/** Creates cases as users do. Gives their ids, which the api has acknowledged. */
async function written(): Promise<string[]> {
  const load = new Load(stack.httpPort, 50);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const { created, failed } = await load.stop();
  expect(failed).toEqual([]);
  expect(created.length).toBeGreaterThan(20);
  return [...created];
}

/** Gives the ids of these cases that a database contains. */
async function present(ids: readonly string[], database?: string): Promise<string[]> {
  const stored = new Set((await stack.sql("SELECT id FROM cases", database)).split("\n"));
  return ids.filter((id) => stored.has(id));
}

/** The id of the last backup of a release that an update took. Earlier ones may have been removed by the retention. */
function newestOf(version: string): string {
  const ids = [...stack.said.matchAll(/backup (\d{8}T\d{6}Z-(\S+\d))/g)].filter(([, , of]) => of === version);
  return ids.at(-1)?.[1] ?? "";
}

async function newestKept(): Promise<string> {
  return stack.sql("SELECT max(datname) FROM pg_database WHERE datname LIKE 'nestfleet\\_replaced\\_%'");
}

function restoreByHand(...args: string[]): Promise<Ran> {
  const options = ["--stack", stack.name, "--docker-host", stack.docker.host];
  return run("bash", ["scripts/restore.sh", ...options, ...args]);
}

describe("back from 1.5.0 to 1.4.2 with the backup from before the upgrade", () => {
  let live: string[] = [];

  test.each(["once", ...(FULL ? ["twice: the same configuration has the same effect again"] : [])])("%s", async () => {
    if ((await stack.answeringVersion()) !== "1.5.0") {
      await upgrade();
      expect(await present(live), "a leftover restore does nothing in an upgrade").toEqual(live);
    }
    const later = await written();
    await stack.configure({ version: "1.4.2", restore: backup });
    const { changes, summary } = await stack.previewed();
    expect(summary).toMatch(/rollback 1\.5\.0 → 1\.4\.2/);
    expect(summary).toContain(backup);
    expect(summary).toMatch(/public\.cases/);

    const { ran, report } = await underLoad(() => stack.up());
    expect(ran.exitCode, ran.output).toBe(0);
    expect(ran.changed, ran.output).toEqual(changes);

    const kept = await newestKept();
    const since = report.created;
    expect(await present(later)).toEqual([]);
    expect(await present(later, kept)).toEqual(later);
    live = await present(since);
    expect([...live, ...(await present(since, kept))].sort()).toEqual([...since].sort());
    expect(live.length).toBeGreaterThan(0);
    expect(Number(await stack.sql("SELECT count(*) FROM cases")) - live.length).toBe(seeded);

    const entry = (await stack.history()).filter(({ verdict }) => verdict !== "failed").at(-1);
    expect(entry).toMatchObject({
      from: "1.5.0",
      to: "1.4.2",
      verdict: "rolled back",
      restored: backup,
      replaced: kept,
    });
    expect(entry?.heldSeconds).toBeGreaterThan(0);
    expect(entry?.lost?.["public.cases"]).toBe(Number(await stack.sql("SELECT count(*) FROM cases", kept)) - seeded);
    expect(await stack.sql(OWNERS)).toBe("former of of_former\nnestfleet_app of the others");
    expect(await stack.sql("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'former'")).toBe("f");
    await expectNoChangeAtAll(stack);
    await expectServes(stack, "1.4.2");
  });
});

describe("scripts/restore.sh", () => {
  test("--undo brings the replaced database back, with its release and all later rows", async () => {
    const kept = await newestKept();
    const rows = Number(await stack.sql("SELECT count(*) FROM cases", kept));
    const asked = await restoreByHand("--undo");
    expect(asked.exitCode).toBe(1);
    expect(asked.output).toMatch(/nothing was touched[^]*--yes/);
    const crowd = spawn("docker", ["--host", stack.docker.host, "exec", "-i", POSTGRES, "sh", "-c", CROWD]);
    const { ran, report } = await underLoad(() => restoreByHand("--undo", "--yes")).finally(() => crowd.stdin.end());
    expect(ran.exitCode, ran.output).toBe(0);
    expect(ran.output).toContain("nestfleet:version 1.5.0");
    expect(await stack.answeringVersion()).toBe("1.5.0");
    const live = await present(report.created);
    expect(Number(await stack.sql("SELECT count(*) FROM cases"))).toBe(rows + live.length);
    expect((await stack.history()).at(-1)).toMatchObject({ from: "1.4.2", to: "1.5.0", verdict: "restored" });
    const unchanged = await stack.up();
    expect(unchanged.exitCode).not.toBe(0);
    expect(unchanged.output).toMatch(/the rollback to 1\.4\.2 was undone, and the config still asks for it/);
    expect(await present(live)).toEqual(live);
    await upgrade();
    await expectServes(stack, "1.5.0");
    expect(await present(live)).toEqual(live);
  });

  test("--list shows backups and previous databases; an unknown id and a wrong option are refused", async () => {
    const list = await restoreByHand("--list");
    expect(list.exitCode, list.output).toBe(0);
    expect(list.output).toContain(backup);
    expect(list.output).toContain(await newestKept());
    expect((await restoreByHand("--yes", "20200101T000000Z-1.4.2")).output).toContain(
      "there is no backup 20200101T000000Z-1.4.2",
    );
    expect((await restoreByHand("--bogus")).output).toContain("Unknown option '--bogus'");
  });
});

describe("what a preview refuses", () => {
  test("4 to 6: a backup that is damaged, one that does not exist, one of another version", async () => {
    const [intact, ofNewer] = [newestOf("1.4.2"), newestOf("1.5.0")];
    const rollback = (restore: string) => refusalOf(stack, { version: "1.4.2", restore });
    expect(await rollback(ofNewer)).toContain(`nestfleet:restore names a backup of 1.5.0 (${ofNewer}); it is ignored`);
    expect(await rollback("20200101T000000Z-1.4.2")).toContain("20200101T000000Z-1.4.2 cannot be restored");
    const dump = `/backups/${intact}.dump`;
    const flip = `cp ${dump} /backups/aside; printf x | dd of=${dump} bs=1 seek=5000 conv=notrunc status=none`;
    await stack.docker.run(["exec", POSTGRES, "sh", "-ec", flip]);
    expect(await rollback(intact)).toContain("its dump is damaged: the sha256 is");
    await stack.docker.run(["exec", POSTGRES, "mv", "/backups/aside", dump]);
  });

  test("a prepared transaction, which prevents that the live database is renamed", async () => {
    await stack.sql("BEGIN; CREATE TABLE half (n integer); PREPARE TRANSACTION 'of somebody'");
    const intact = newestOf("1.4.2");
    const refused = await refusalOf(stack, { version: "1.4.2", restore: intact });
    const byHand = await restoreByHand("--yes", intact);
    await stack.sql("ROLLBACK PREPARED 'of somebody'");
    expect(refused).toMatch(/has not been ended: "of somebody"[^]*ROLLBACK PREPARED/);
    expect(byHand.exitCode).toBe(1);
    expect(byHand.output).toMatch(/has not been ended: "of somebody"/);
    expect(await stack.answeringVersion()).toBe("1.5.0");
  });

  test("12: a release whose image is not on the host and cannot be pulled any more", async () => {
    const pruned = `${REGISTRY}/nestfleet/pruned-api`;
    const refused = await refusalOf(stack, { version: "1.4.2", restore: backup, "images.api": pruned });
    expect(refused).toContain("pruned-api:1.4.2");
  });

  test("28: a database password that was changed in the configuration only", async () => {
    const refused = await refusalOf(stack, { "secrets.postgresPassword": "another-one-1234" });
    expect(refused).toContain("the database rejects the password in nestfleet:secrets.postgresPassword");
    expect(refused).not.toContain("another-one-1234");
  });
});

describe("a release that does not start", () => {
  let earlier: string[] = [];

  test("is undone: the update fails, no request fails, no row is lost", async () => {
    const dockerfile = `FROM ${REGISTRY}/nestfleet/nestfleet-api:1.4.2\nENTRYPOINT ["sh", "-c", "echo not today; exit 3"]`;
    await stack.docker.run(["build", "--force-rm", "--tag", `${BROKEN}:1.4.2`, "-"], dockerfile);
    earlier = await written();
    await stack.configure({ version: "1.4.2", restore: backup, "images.api": BROKEN, allowMovingTag: "true" });
    const { ran, report } = await underLoad(() => stack.up());
    await stack.configure({ "images.api": `${REGISTRY}/nestfleet/nestfleet-api`, allowMovingTag: "false" });
    expect(ran.exitCode).not.toBe(0);
    expect(ran.output).toMatch(/does not start: it exited[^]*not today[^]*1\.5\.0 serves again on its own data/);
    expect(await stack.answeringVersion()).toBe("1.5.0");
    expect(await present(earlier)).toEqual(earlier);
    expect(await stack.missing(report.created)).toEqual([]);
    expect((await stack.history()).at(-1)).toMatchObject({ to: "1.4.2", verdict: "failed" });
  });

  test("35: once the configuration is fixed, the same rollback works a second time", async () => {
    await expectUp(stack);
    await expectServes(stack, "1.4.2");
    expect(await present(earlier)).toEqual([]);
    await expectNothingLeft(stack);
  });
});

describe("data only, under the same version", () => {
  test("is done once for each text of confirmRestore, and never without one", async () => {
    const oldest = "SELECT id FROM cases ORDER BY created_at, id LIMIT 100";
    const deleted = (await stack.sql(oldest)).split("\n");
    await stack.sql(`DELETE FROM cases WHERE id IN (${oldest})`);
    expect(await present(deleted)).toEqual([]);
    const newest = newestOf("1.4.2");
    await stack.configure({ restore: newest });
    const announced = new RegExp(`restore the data of 1\\.4\\.2[^]*${newest}`);
    expect((await planned(stack)).text).toMatch(/^no change of version \(1\.4\.2\)$/m);
    await stack.configure({ confirmRestore: "deleted-by-mistake" });
    expect((await planned(stack)).text).toMatch(announced);
    const before = await stack.containers();
    const { ran } = await underLoad(() => stack.up());
    expect(ran.exitCode, ran.output).toBe(0);
    expect(await stack.containers(), "the containers that the state knows").toEqual(before);
    expect(await stack.docker.run(["ps", "--all", "--quiet", "--filter", "name=-restored-"])).toBe("");
    expect(await present(deleted)).toEqual(deleted);
    expect((await stack.history()).at(-1)).toMatchObject({ verdict: "restored", restored: newest });
    await expectSettled(stack, "1.4.2");

    await stack.sql(`DELETE FROM cases WHERE id IN (${oldest})`);
    expect((await planned(stack)).text, "the same word").toMatch(/^no change of version \(1\.4\.2\)$/m);
    if (FULL) await expectUp(stack);
    expect(await present(deleted), "the same word, applied again").toEqual([]);
    expect((await planned(stack, { confirmRestore: "once-more" })).text).toMatch(announced);
  });
});
