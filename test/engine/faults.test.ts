import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { takeLock } from "../../components/host/lock";
import { entranceOf } from "../../components/host/routing/entrance";
import { schema } from "../../components/settings/schema";
import { expectServes, expectServesOrSettled, expectSettled, expectUp, upUnderLoad } from "../support/expectations";
import { planned, refusalOf } from "../support/planned";
import { FULL, REHEARSAL } from "../support/scale";
import { type Ran, run, TestStack } from "../support/stack";

/** The numbers in the titles are those of the list of faults in the design. */
const stack = new TestStack("test-faults", 18120);
const postgres = "nestfleet-test-faults-postgres";
const origin = `http://127.0.0.1:${stack.httpPort}`;
const REGISTRY = "127.0.0.1:5055";
/** The images that this file breaks have names of their own, because other tests use the same Docker engine. */
const API = `${REGISTRY}/nestfleet/api-of-faults`;
const POSTGRES = `${REGISTRY}/postgres:17-of-faults`;
const BROKEN_WORKER = `${REGISTRY}/nestfleet/broken-worker`;
const own: string[] = [];
/** The folder of a docker client that loses commands, and of the list of lost commands. */
const folder = mkdtempSync(join(tmpdir(), "nestfleet-faults-"));

/**
 * The server that creates the cluster listens on its socket only, and then stops. On a busy host, one second is enough
 * for a client to take it for the database. This one stops as soon as a client connects, or after five seconds.
 */
const OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE client_port = -1 AND pid <> pg_backend_pid()";
const STOPS_UNDER_A_CLIENT = `for i in $(seq 50); do [ "$(psql -U nestfleet -tAc "${OTHERS}")" = 0 ] || break; sleep 0.1; done`;

beforeAll(async () => {
  for (const version of ["1.4.2", "1.5.0"]) await offer(version);
  await build(
    `FROM ${REGISTRY}/postgres:17\nRUN echo '${STOPS_UNDER_A_CLIENT}' > /docker-entrypoint-initdb.d/client.sh`,
    POSTGRES,
  );
  await build(
    `FROM ${REGISTRY}/nestfleet/nestfleet-worker:1.5.0\nENTRYPOINT ["sh", "-c", "echo no work today; exit 3"]`,
    `${BROKEN_WORKER}:1.5.0`,
  );
  await stack.create({
    version: "1.4.2",
    allowSchemaAhead: "true",
    rehearsal: REHEARSAL,
    "images.api": API,
    "images.postgres": POSTGRES,
  });
  await expectUp(stack);
});

afterAll(async () => {
  await stack.dispose();
  rmSync(folder, { recursive: true, force: true });
  for (const image of new Set(own)) await stack.docker.run(["image", "rm", "--force", image]);
});

/** Runs an update that must be refused with a reason, and must not change anything. */
async function refused(reason: RegExp, ...args: string[]): Promise<void> {
  const before = await stack.containers();
  const { exitCode, output } = await stack.try(...args);
  expect(exitCode).not.toBe(0);
  expect(output).toMatch(reason);
  expect(await stack.containers()).toEqual(before);
  expect(await stack.answeringVersion()).toBe("1.4.2");
}

describe("two at once", () => {
  test("9: a second operator, from another checkout and state, is refused, with the user and the time of the first run", async () => {
    const sleeper = spawn("sleep", ["60"]);
    const lock = await takeLock(stack.docker, stack.name, sleeper.pid);
    if (!("release" in lock)) throw new Error("the lock was taken");
    try {
      await refused(
        /The stack \S+ is locked by \S+@\S+ \(pid \d+\) since \d{4}-[^]*nothing was touched/,
        "up",
        "--yes",
        "--skip-preview",
      );
    } finally {
      lock.release();
      sleeper.kill();
    }
  });
});

describe("refused in preview", () => {
  test("38: all problems of a configuration at once, each with the command that fixes it", async () => {
    await stack.configure({
      verson: "1.5.0",
      "backups.keep": "-1",
      "images.redis": "redis:7",
      "env.LLM_API_KEY": "hunter2",
    });
    await refused(/4 problems[^]*nestfleet:backups\.keep[^]*pulumi config set[^]*did you mean version/, "preview");
    expect(stack.said).not.toContain("hunter2");
    await stack.unset("verson", "backups.keep", "images.redis", "env.LLM_API_KEY");
  });

  test.each(["latest", "1.5.0; rm -rf /"])("37: the version %j", async (version) => {
    expect(await refusalOf(stack, { version })).toMatch(/nestfleet:version is[^]*three numbers such as 1\.5\.0/);
  });

  test("21: a port that something else has taken", async () => {
    const server = createServer().listen(18129, "127.0.0.1");
    await once(server, "listening");
    expect(await refusalOf(stack, { "http.httpsPort": "18129" })).toContain("port 18129 of the Docker host is taken");
    server.close();
  });

  test("13: a tag that was moved to another image", async () => {
    await tag(`${REGISTRY}/nestfleet/nestfleet-console:1.4.2`, `${API}:1.4.2`);
    try {
      expect(await refusalOf(stack, {})).toMatch(
        /1 problem; nothing was touched[^]*the tag 1\.4\.2 was moved to another image[^]*docker tag sha256:\w+ \S+api-of-faults:1\.4\.2/,
      );
    } finally {
      await tag(`${REGISTRY}/nestfleet/nestfleet-api:1.4.2`, `${API}:1.4.2`);
    }
    expect((await planned(stack)).text).toMatch(/^no change of version \(1\.4\.2\)$/m);
  });

  test("31: a PostgreSQL whose major is not that of the data", async () => {
    const other = `${REGISTRY}/postgres:16-of-faults`;
    await build(`FROM ${REGISTRY}/postgres:17\nENV PG_MAJOR=16`, other);
    expect(await refusalOf(stack, { "images.postgres": other })).toMatch(
      /1 problem; nothing was touched[^]*postgres:16-of-faults is PostgreSQL 16, the data are from PostgreSQL 17/,
    );
  });
});

describe("postgres restarts", () => {
  test("25: a change that restarts postgres is visible, the data stay, and requests wait for it", async () => {
    const rows = await stack.sql("SELECT count(*) FROM nestfleet_migrations");
    await stack.configure({ "postgres.sharedBuffers": "64MB", "postgres.parameters.work_mem": "8MB" });
    const { changes: previewed, summary } = await stack.previewed();
    expect(previewed).toContain("replace nestfleet-test-faults-postgres");
    expect(summary).toMatch(
      /parameters +shared_buffers 128MB → 64MB, work_mem \(default\) → 8MB; postgres restarts with them/,
    );
    const { up, report } = await upUnderLoad(stack);
    expect(up.exitCode, up.output).toBe(0);
    expect(up.changed, up.output).toEqual(previewed);
    expect(report.failed).toEqual([]);
    expect(up.output).toMatch(/the next postgres starts with (?:a read-only file system and )?work_mem=8MB/);
    expect(await stack.sql("SHOW shared_buffers")).toBe("64MB");
    expect(await stack.sql("SHOW work_mem")).toBe("8MB");
    expect(await stack.sql("SELECT count(*) FROM nestfleet_migrations")).toBe(rows);
  });

  test("parameters that the server rejects are refused in the preview, one with which it does not start before requests wait", async () => {
    const rejected = { "postgres.parameters.wrok_mem": "8MB", "postgres.parameters.wal_level": "most" };
    const said = await refusalOf(stack, rejected);
    expect(said).toMatch(/2 problems[^]*rejects the server parameter wrok_mem[^]*unrecognized configuration parameter/);
    expect(said).toMatch(/rejects the server parameter wal_level[^]*Available values: minimal, replica, logical/);
    await stack.configure({ "postgres.parameters.shared_preload_libraries": "no_such_library" });
    await refused(
      /postgres was not replaced: it does not start with shared_preload_libraries, work_mem as in nestfleet:postgres\.parameters[^]*no_such_library/,
      "up",
      "--yes",
      "--skip-preview",
    );
    await stack.unset("postgres.parameters");
  });

  test("25: the same, killed while requests are held: the next up sends them on", async () => {
    await stack.configure({ "postgres.sharedBuffers": "96MB" });
    await stack.upKilled(/requests are held while postgres/, { withChildren: true });
    await expectUp(stack);
    expect(await stack.sql("SHOW work_mem")).toBe("4MB");
    expect(await stack.sql("SHOW shared_buffers")).toBe("96MB");
    await expectServes(stack, "1.4.2");
  });

  test("25: the preview reports requests that are held while postgres runs, and the printed command sends them on", async () => {
    const hold = {
      dockerHost: stack.docker.host,
      stack: stack.name,
      postgres,
      caddy: "nestfleet-test-faults-caddy",
      image: "sha256:of-the-next-one",
      back: "of-the-next-one",
      definition: "of the next one",
    };
    const held = await run("node", ["scripts/run.mjs", "hold"], process.env, JSON.stringify(hold));
    expect(held.exitCode, held.output).toBe(0);
    expect((await planned(stack)).text).toContain("an update was killed while requests were held");
    const recovered = await run("bash", ["scripts/restore.sh", "--stack", stack.name, "--recover"]);
    expect(recovered.exitCode, recovered.output).toBe(0);
    await expectServes(stack, "1.4.2");
  });
});

describe("the host is changed by hand", () => {
  test("without an api and console, requests wait for half a minute, then get 503 with Retry-After, as a page or as JSON", async () => {
    const { api = [], console = [] } = await stack.containers();
    await stack.docker.run(["stop", ...api, ...console]);
    try {
      const started = Date.now();
      const [page, health] = await Promise.all([fetch(`${origin}/`), fetch(`${origin}/health`)]);
      expect(Date.now() - started).toBeGreaterThan(25_000);
      expect([page.status, page.headers.get("retry-after")]).toEqual([503, "5"]);
      expect(await page.text()).toContain('http-equiv="refresh"');
      expect([health.status, health.headers.get("retry-after")]).toEqual([503, "5"]);
      expect(await health.json()).toEqual({ status: "unavailable" });
    } finally {
      await stack.docker.run(["start", ...api]);
    }
    await expect.poll(async () => (await fetch(`${origin}/health`)).status, { timeout: 30_000 }).toBe(200);
    await stack.docker.run(["rm", ...console]);
  });

  test("27: the preview reports a container that was removed", async () => {
    expect((await stack.containers())["console"]).toBeUndefined();
    expect((await planned(stack)).text).toMatch(/warning +no console runs[^]*--refresh/);
  });

  test("10 and 27: up --refresh makes it again, and takes over the lock of a process that no longer exists", async () => {
    const dead = spawn("true");
    await once(dead, "exit");
    expect(await takeLock(stack.docker, stack.name, dead.pid)).toHaveProperty("release");
    expect(await stack.volumes()).toContain("nestfleet-test-faults-lock");
    await expectUp(stack, "--refresh");
    expect(await stack.volumes()).not.toContain("nestfleet-test-faults-lock");
    await expectServesOrSettled(stack, "1.4.2");
  });
});

/** Creates a case, waits until a worker has done its job, and gives the release of that worker. */
async function workedOnBy(): Promise<string> {
  const answer = await fetch(`${origin}/api/cases`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ title: "a leaking tap" }),
  });
  const { id } = (await answer.json()) as { id: string };
  const processor = () => stack.sql(`SELECT processed_by FROM cases WHERE id = '${id}'`);
  await expect.poll(processor, { timeout: 20_000 }).not.toBe("");
  return (await processor()).split(" ").at(-1) ?? "";
}

/** Makes the image again: taking the configuration back removes the image of a release that has never served. */
async function offer(version: string): Promise<void> {
  await tag(`nestfleet-standin/api:${version}`, `${API}:${version}`); // the image is there before an update pulls it
}

/** Takes the configuration back, which restores the beginning. */
async function revert(): Promise<void> {
  await stack.unset("images.worker");
  await stack.configure({ version: "1.4.2" });
  await expectUp(stack);
  await expectSettled(stack, "1.4.2");
}

/**
 * An update whose steps after the rehearsal lose the first docker command of each kind: the client reports that it
 * cannot reach Docker, as during a restart of Docker. A file is created atomically for each lost command.
 */
async function shaken(): Promise<Ran> {
  const client = (await run("sh", ["-c", "command -v docker"])).output.trim();
  const losing = [
    "#!/bin/bash",
    `step=$(tr '\\0' ' ' < /proc/$PPID/cmdline | grep -oE '(recreate|gate|cutover|verdict) *$' | tr -d ' ')`,
    `kind=$3`,
    `if [[ -n $step ]] && (set -o noclobber; : > "${folder}/lost-$step-$PPID-$kind") 2>/dev/null; then`,
    `  echo "Cannot connect to the Docker daemon for $step. Is the docker daemon running?" >&2`,
    "  exit 1",
    "fi",
    `exec ${client} "$@"`,
  ];
  await offer("1.5.0");
  writeFileSync(join(folder, "docker"), losing.join("\n"), { mode: 0o755 });
  const [program = "", ...args] = stack.command("up", "--yes", "--skip-preview");
  const environment = stack.environment();
  return run(program, args, { ...environment, PATH: `${folder}:${environment["PATH"] ?? ""}` });
}

/** The steps that lost commands. */
function lost(output: string): string[] {
  return [...output.matchAll(/Cannot connect to the Docker daemon for (\w+)/g)].map(([, step = ""]) => step);
}

/** The line of the history for an upgrade whose worker is rejected. */
const REFUSED = {
  from: "1.4.2",
  to: "1.5.0",
  kind: "upgrade",
  backup: expect.stringMatching(/-1\.4\.2$/) as string,
  verdict: "failed",
  reason: expect.stringMatching(/^worker is not healthy: it exited/) as string,
};

describe("refused in the update", () => {
  test("43: a recreate with a rejected worker is undone, although each step loses the first command of each kind", async () => {
    await stack.configure({ version: "1.5.0", "images.worker": BROKEN_WORKER, strategy: "recreate" });
    const { exitCode, output } = await shaken();
    expect(exitCode).not.toBe(0);
    for (const step of ["recreate", "gate", "cutover"]) expect(lost(output)).toContain(step);
    expect(output).toMatch(
      /requests are held; stopped[^]*requests go to[^]*worker is not healthy: it exited[^]*started again, on the database as it is now/,
    );
    expect(await stack.answeringVersion()).toBe("1.4.2");
    expect(await workedOnBy()).toBe("1.4.2");
    expect((await stack.history()).at(-1)).toMatchObject({
      ...REFUSED,
      migrations: ["0005_case_events.sql", "0006_cases_assignee.sql"],
    });
    // In the small scale, it is tried again below, with the other strategy.
    if (FULL) await revert();
    await stack.unset("strategy");
  });

  test.runIf(FULL)("43: the same with a good release: it serves, and the history has one line", async () => {
    await stack.configure({ version: "1.5.0", strategy: "recreate" });
    const { exitCode, output } = await shaken();
    expect(exitCode, output).toBe(0);
    for (const step of ["recreate", "gate", "cutover", "verdict"]) expect(lost(output)).toContain(step);
    await expectSettled(stack, "1.5.0");
    expect(await workedOnBy()).toBe("1.5.0");
    const upgraded = (await stack.history()).filter(({ to, verdict }) => to === "1.5.0" && verdict === "upgraded");
    expect(upgraded).toHaveLength(1);
    await revert();
    await stack.unset("strategy");
  });

  test("17: healthy in the container, broken through the published ports", async () => {
    const containers = await stack.containers();
    const name = async (role: string) =>
      (await stack.docker.run(["inspect", "--format", "{{.Name}}", containers[role]?.[0] ?? ""])).trim().slice(1);
    const target = async (role: string) => ({ container: containers[role]?.[0], name: await name(role) });
    const http = { bind: "127.0.0.1", httpPort: stack.httpPort };
    const input = {
      dockerHost: stack.docker.host,
      stack: stack.name,
      postgres,
      caddy: "nestfleet-test-faults-caddy",
      entrance: entranceOf(schema.parse({ version: "1.4.2", http: { ...http, httpsPort: 18128 } })),
      release: { tag: "1.4.2", semver: "1.4.2" },
      holdSeconds: 0,
      timeoutSeconds: 2,
      targets: { api: await target("api"), console: await target("console") },
      containers: Object.values(containers).flat(),
    };
    // The console of the test before has just been started again.
    const health = ["inspect", "--format", "{{.State.Health.Status}}", ...Object.values(containers).flat()];
    await vi.waitUntil(async () => !(await stack.docker.run(health)).includes("starting"), {
      timeout: 60_000,
      interval: 500,
    });
    const { exitCode, output } = await run("node", ["scripts/run.mjs", "cutover"], process.env, JSON.stringify(input));
    expect(exitCode).toBe(1);
    expect(output).toMatch(/1\.4\.2 is refused: https:\/\/localhost\/health gives no answer[^]*What runs now:/);
    expect(await stack.answeringVersion()).toBe("1.4.2");
  });
});

describe("a preview without access to the host", () => {
  test("says so, and shows the plan from the configuration and the last outputs", async () => {
    await stack.configure({ version: "1.5.0" });
    const hidden = 'mount --bind /dev/null /var/run/docker.sock && exec "$@"';
    const unseen = (more: NodeJS.ProcessEnv) =>
      run("unshare", ["--mount", "sh", "-c", hidden, "-", ...stack.command("preview")], {
        ...stack.environment(),
        ...more,
      });
    const plan =
      /upgrade 1\.4\.2 → 1\.5\.0[^]*the Docker host cannot be reached[^]*downtime +unknown: the Docker host was not/;
    // Also after an update that was refused in its last steps.
    expect(await stack.outputs()).toMatchObject({ release: "1.4.2", version: "1.4.2" });
    const preview = await unseen({});
    expect(preview.output).toMatch(plan);
    expect(preview.exitCode, preview.output).toBe(0);
    const required = await unseen({ NESTFLEET_REQUIRE_HOST: "1" });
    expect(required.output).toMatch(plan);
    expect(required.output).toContain("Refused, because NESTFLEET_REQUIRE_HOST is set");
    expect(required.exitCode).not.toBe(0);
    await stack.configure({ version: "1.4.2" });
  });
});

describe("refused after the cutover", () => {
  test("19, 44: the worker fails after the cutover: requests go back, the old worker has never stopped", async () => {
    const before = await stack.containers();
    await offer("1.5.0");
    await stack.configure({ version: "1.5.0", "images.worker": BROKEN_WORKER });
    const up = await stack.up();
    expect(up.exitCode).not.toBe(0);
    expect(up.output).toMatch(
      /requests go to[^]*worker is not healthy: it exited[^]*no work today[^]*The requests go to \S+ and \S+ again[^]*What runs now:[^]*api 1\.4\.2/,
    );
    expect(await stack.answeringVersion()).toBe("1.4.2");
    expect(await stack.containers()).toEqual(before);
    expect(await workedOnBy()).toBe("1.4.2");
    expect((await stack.history()).at(-1)).toMatchObject(REFUSED);
  });

  test("19: with the old configuration, the installation recovers", revert);
});

async function build(dockerfile: string, reference: string): Promise<void> {
  own.push(reference);
  await stack.docker.run(["build", "--force-rm", "--tag", reference, "-"], dockerfile);
}

async function tag(image: string, reference: string): Promise<void> {
  own.push(reference);
  await stack.docker.run(["tag", image, reference]);
}
