import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROCESSES } from "../../components/host/docker/hardening";
import type { LoadReport } from "../support/load";
import { FULL, REHEARSAL, seed, UPGRADE_MEGABYTES } from "../support/scale";
import {
  expectNoChangeAtAll,
  expectServes,
  expectServesOrSettled,
  expectUp,
  upUnderLoad,
} from "../support/expectations";
import { planned, refusalOf } from "../support/planned";
import { TestStack, type Update } from "../support/stack";

const stack = new TestStack("test-upgrade", 18100);

beforeAll(async () => {
  await stack.create({ version: "1.5.0" });
  await expectUp(stack);
  await stack.sql(seed(UPGRADE_MEGABYTES));
  expect(Number(await stack.sql("SELECT pg_database_size('nestfleet')"))).toBeGreaterThan(UPGRADE_MEGABYTES * 1e6);
});

afterAll(async () => {
  await stack.dispose();
});

/** Runs an update under load, in which no request may fail. */
async function underLoad(version: string): Promise<{ up: Update; report: LoadReport }> {
  const { up, report } = await upUnderLoad(stack, version);
  expect(report.failed, up.output).toEqual([]);
  return { up, report };
}

/** Expects that each case of the load was processed exactly once. */
async function expectJobsDoneOnce(): Promise<void> {
  await expect
    .poll(() => stack.sql("SELECT count(*) FROM cases WHERE processed_at IS NULL"), { timeout: 60_000 })
    .toBe("0");
  expect(await stack.sql("SELECT count(*) FROM duplicate_jobs")).toBe("0");
}

/** Ids of the stack's workers, running or not. */
async function workersMade(): Promise<string[]> {
  const labels = [`stack=${stack.name}`, "role=worker"].flatMap((label) => [
    "--filter",
    `label=org.nestfleet.${label}`,
  ]);
  return (await stack.docker.run(["ps", "--all", "--quiet", "--no-trunc", ...labels])).trim().split("\n");
}

/** The base64 of a text inside a longer text at any position, without the characters that depend on the neighbours. */
function inBase64(secret: string): string[] {
  return [0, 1, 2].map((before) =>
    Buffer.from(`${"-".repeat(before)}${secret}`)
      .toString("base64")
      .replace(/=+$/, "")
      .slice(before === 0 ? 0 : 4, -4),
  );
}

/** Runs an update under load, and expects that it does what its preview has shown. */
async function asPreviewed(version: string, said: readonly string[] = []): Promise<Update> {
  await stack.configure({ version });
  const { changes, summary } = await stack.previewed();
  const { up } = await underLoad(version);
  expect(up.exitCode, up.output).toBe(0);
  expect(up.changed, up.output).toEqual(changes);
  for (const words of said) {
    expect(summary).toContain(words);
    expect(up.output).toContain(words);
  }
  expect(up.output).toContain(`${version} answers on`);
  return up;
}

describe("an upgrade under load", () => {
  test("to 1.5.1: backed up, rehearsed, no request failed, none lost", async () => {
    await stack.configure({ version: "1.5.1" });
    const { output: shown } = await stack.pulumi("preview", "--diff");
    // Backup, rehearsal, ownership, writers, three gates, cutover and verdict.
    expect(shown.match(/stdin \(hidden\)/g), shown).toHaveLength(9);
    expect(shown).not.toContain("(json)");
    expect(shown.split("\n").length, shown).toBeLessThan(220);
    const { output } = await asPreviewed("1.5.1", [
      "1 pending: 0007_drop_cases_channel.sql",
      "0007_drop_cases_channel.sql line",
    ]);
    expect(output).toContain("rehearsal:");
    await expectNoChangeAtAll(stack);
    await expectServes(stack, "1.5.1");
    await expectJobsDoneOnce();
    const [, backup] = /backup (\d{8}T\d{6}Z-1\.5\.0)/.exec(output) ?? [];
    expect(backup).toBeDefined();
    // 34: a `restore` that a rollback has left in the configuration. To restore it would lose the cases that follow.
    await stack.configure({ restore: backup });
  });

  test("each running container has a limit of its processes, also those that the update has not replaced", async () => {
    const ids = Object.values(await stack.containers()).flat();
    const asked = ["inspect", "--format", '{{index .Config.Labels "org.nestfleet.role"}} {{.HostConfig.PidsLimit}}'];
    const told = (await stack.docker.run([...asked, ...ids])).trim().split("\n").sort();
    expect(told).toEqual(["api", "caddy", "console", "postgres", "worker"].map((role) => `${role} ${PROCESSES}`));
    // The kernel's own file, with control groups v2 or v1.
    const read = "cat /sys/fs/cgroup/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids/pids.max";
    for (const id of ids)
      expect((await stack.docker.run(["exec", id, "sh", "-c", read])).trim()).toBe(String(PROCESSES));
  });

  test("the history has the operator, the change and its result", async () => {
    const history = await stack.history();
    expect(history.map(({ from, to, verdict }) => `${from ?? "nothing"} → ${to} ${verdict}`)).toEqual([
      "nothing → 1.5.0 installed",
      "1.5.0 → 1.5.1 upgraded",
    ]);
    expect(history.at(-1)).toMatchObject({
      migrations: ["0007_drop_cases_channel.sql"],
      backup: expect.stringMatching(/-1\.5\.0$/) as string,
    });
  });
});

test("the plan reports a migration that was inserted into the application's table by hand, and none of those from updates", async () => {
  const known = "0008_known_priorities.sql";
  await stack.sql(`INSERT INTO nestfleet_migrations (filename) VALUES ('${known}')`);
  const { text } = await planned(stack, { version: "1.6.0" });
  await stack.sql(`DELETE FROM nestfleet_migrations WHERE filename = '${known}'`);
  expect(text).toContain(`the database counts ${known} of 1.6.0 as applied, which 1.5.1 does not have`);
  expect((await planned(stack, { version: "1.6.0" })).text).not.toContain("as applied");
});

/** One after the other, as an operator who does not go back in between would try them. */
describe("releases that must not stay", () => {
  test("1.6.0, whose migration fails on real data, is refused by the rehearsal before anything is touched", async () => {
    const before = await stack.containers();
    const { up } = await underLoad("1.6.0");
    expect(up.exitCode).not.toBe(0);
    expect(up.output).toMatch(/cases_known_priority.*violated by some row/);
    expect(up.output).toContain("Production was not touched");
    expect(await stack.containers()).toEqual(before);
    expect((await stack.history()).at(-1)).toMatchObject({
      from: "1.5.1",
      to: "1.6.0",
      verdict: "failed",
      reason: expect.stringMatching(/cases_known_priority/) as string,
    });
    expect(await stack.sql("SELECT count(*) FROM pg_database WHERE datname LIKE '%rehearsal%'")).toBe("0");
  });

  test("1.6.2, which answers with another version, is refused; the old release serves, its worker goes on, and the new one has none", async () => {
    const { worker = [] } = await stack.containers();
    await stack.configure({ rehearsal: REHEARSAL });
    const { up, report } = await underLoad("1.6.2");
    expect(up.exitCode).not.toBe(0);
    expect(up.output).toContain("is answered by version 1.5.1, not by 1.6.2");
    expect(up.output).toContain("pulumi config set --stack test-upgrade --path 'nestfleet:health.version' ignore");
    expect(up.output).toMatch(/The requests always went to \S+ and \S+\./);
    expect(await stack.answeringVersion()).toBe("1.5.1");
    if (FULL) {
      const again = await stack.up();
      expect(again.exitCode).not.toBe(0);
      expect(again.output).toContain("is answered by version 1.5.1, not by 1.6.2");
    }
    // Containers that do not run count, too. The new api also works the queue, as the published one does.
    expect(await workersMade()).toEqual(worker);
    await expectJobsDoneOnce();
    const during = report.created
      .slice(-500)
      .map((id) => `'${id}'`)
      .join();
    const host = (worker[0] ?? "").slice(0, 12);
    const done = `SELECT count(*) FROM cases WHERE id IN (${during}) AND processed_by LIKE '${host} 1.5.1'`;
    expect(Number(await stack.sql(done))).toBeGreaterThan(0);
  });

  test("1.6.1, which exits after some seconds with its environment in its log, is rejected: it must stay healthy", async () => {
    await stack.configure({ "health.soakSeconds": "8" }); // it exits 8 s after its first answer
    const { up } = await underLoad("1.6.1");
    expect(up.exitCode).not.toBe(0);
    // The step that runs when it exits finds it, and which one that is depends on the speed of the host.
    expect(up.output).toMatch(
      /1\.6\.1 is refused: (\S+ does not stay up: it exited|api \(\S+\) is not healthy: it exited)/,
    );
    expect(up.output).toContain("licence cache is corrupt"); // the last line of its log
    expect(await stack.answeringVersion()).toBe("1.5.1");
    expect(up.output).toContain("crash report"); // the line before it, with the environment
    const told = [up.output, stack.state(), JSON.stringify(await stack.history())].join("\n");
    for (const secret of await stack.secrets())
      for (const spelling of [secret, encodeURIComponent(secret), ...inBase64(secret)])
        expect(told.includes(spelling), `a secret of ${secret.length} characters was told`).toBe(false);
  });

  // In the small scale, faults.test.ts takes the configuration back.
  test.runIf(FULL)("with the old configuration, the installation recovers at once", async () => {
    await stack.configure({ "health.soakSeconds": "1" });
    const { up } = await underLoad("1.5.1");
    expect(up.exitCode, up.output).toBe(0);
    await expectServes(stack, "1.5.1");
  });

  test("1.6.3, whose migration takes longer than the gate waits, is not rejected: the rehearsal has shown how long it takes", async () => {
    await stack.configure({ "health.soakSeconds": "1", "health.timeoutSeconds": "15", rehearsal: undefined });
    if (FULL) await asPreviewed("1.6.3");
    else expect((await underLoad("1.6.3")).up).toMatchObject({ exitCode: 0 });
    await expectServes(stack, "1.6.3");
    await expectJobsDoneOnce();
  });
});

describe("what a preview refuses, with nothing touched", () => {
  test("33: a rollback on a database with newer migrations, as the CLI prints it", async () => {
    const before = await stack.containers();
    await stack.configure({ version: "1.5.0", restore: undefined });
    const refused = await stack.try("preview");
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toMatch(
      /needs the old data[^]*0007_drop_cases_channel\.sql[^]*\d{8}T\d{6}Z-1\.5\.0[^]*allowSchemaAhead/,
    );
    expect(refused.output).toContain("nothing was touched");
    expect(await stack.containers()).toEqual(before);
    await stack.configure({ version: "1.6.3" });
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ["a major step that is not acknowledged", { version: "2.0.0" }, /acknowledgeMajor 2/],
    ["a stop that would be skipped", { version: "1.7.0", "requiredStops[0]": "1.6.9" }, /1\.6\.9/],
    ["a release that no registry has", { version: "1.9.9" }, /nestfleet-api:1\.9\.9/],
  ])("%s", async (_, config, reason) => {
    const before = await stack.containers();
    expect(await refusalOf(stack, config)).toMatch(reason);
    expect(await stack.containers()).toEqual(before);
  });
});

describe("a major release", () => {
  test("is installed by recreate once it is acknowledged: api and workers stop, requests are held, nothing is lost", async () => {
    await stack.configure({ acknowledgeMajor: "2", "health.timeoutSeconds": "60" });
    const { up } = await underLoad("2.0.0");
    expect(up.exitCode, up.output).toBe(0);
    expect(up.output).toContain("requests are held; stopped");
    await expectServesOrSettled(stack, "2.0.0");
    await expectJobsDoneOnce();
  });
});
