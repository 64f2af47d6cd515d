import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { mountsOf } from "../../components/host/docker/mounts";
import { postgresHealthcheck } from "../../components/host/docker/healthchecks";
import type { BackupManifest } from "../../components/release/records/manifest";
import { total } from "../../components/release/records/plausibility";
import { takeBackup } from "../../components/operations/backup/backup";
import { Database } from "../../components/host/database/database";
import { findBackup } from "../../components/host/backups/selection";
import { api, docker, type Ended, launch, POSTGRES_IMAGE, type Running } from "./fixture";

const MINUTE = 60_000;
const CASES = 20_000;
const STACK = "drilltest";
const POSTGRES = `${STACK}-postgres`;
const VOLUME = `${STACK}-backups`;
const PASSWORD = "pass-LEAKED-1";
const DRILL = `nestfleet-${STACK}-drill`;

const database = new Database(docker, POSTGRES);
const patience = { timeout: MINUTE, interval: 200 };

beforeAll(async () => {
  await remove();
  await start();
  await migrate();
  await database.query(
    `INSERT INTO public.cases (title, priority) SELECT n::text, 'low' FROM generate_series(1, ${CASES}) n`,
  );
}, 2 * MINUTE);
afterAll(remove, MINUTE);
afterEach(async () => {
  expect(await remains()).toEqual([]);
});

/** The stack's database has no network, because the drill must not use it. */
async function start(): Promise<void> {
  const labels = ["--label", `org.nestfleet.stack=${STACK}`, "--label", "org.nestfleet.role=postgres"];
  const settings = { POSTGRES_USER: "nestfleet", POSTGRES_DB: "nestfleet", POSTGRES_PASSWORD: PASSWORD };
  const environment = Object.entries(settings).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const mount = ["--volume", `${VOLUME}:/backups`];
  await docker.run(["run", "--detach", "--name", POSTGRES, ...labels, ...mount, ...environment, POSTGRES_IMAGE]);
  const listens = () => docker.run(["exec", POSTGRES, ...postgresHealthcheck.test.slice(1)]);
  await vi.waitFor(listens, patience);
}

async function migrate(): Promise<void> {
  const settings = {
    ...{ NODE_ENV: "production", PORT: "3001", CONSOLE_ORIGIN: "https://localhost" },
    ...{ JWT_SECRET: "x".repeat(64), SECRET_ENCRYPTION_KEY: "a".repeat(64) },
    DATABASE_URL: `postgres://nestfleet:${PASSWORD}@127.0.0.1:5432/nestfleet`,
  };
  const environment = Object.entries(settings).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const options = ["--rm", "--network", `container:${POSTGRES}`, ...environment];
  await docker.run(["run", ...options, api("1.4.2"), "node", "dist/infra/db/migrate.js"]);
}

async function remove(): Promise<void> {
  for (const name of [POSTGRES, ...(await remains())])
    await docker.run(["rm", "--force", "--volumes", name]).catch(() => undefined);
  await docker.run(["network", "rm", DRILL]).catch(() => undefined);
  await docker.run(["volume", "rm", VOLUME]).catch(() => undefined);
}

/** The containers and networks of a restore drill. */
async function remains(): Promise<string[]> {
  const filter = ["--filter", `name=${DRILL}`, "--format"];
  const found = await Promise.all([
    docker.run(["ps", "--all", ...filter, "{{.Names}}"]),
    docker.run(["network", "ls", ...filter, "{{.Name}}"]),
  ]);
  return found.join("\n").split("\n").filter(Boolean);
}

/** Takes a backup as an update does, with the ids of the images of the running release. */
async function backup(version = "1.4.2", image?: string): Promise<BackupManifest> {
  const { Id: id } = (await docker.inspect(api("1.4.2"), "image")) as { Id: string };
  const request = { postgres: POSTGRES, version, images: { api: image ?? id }, keep: undefined };
  const manifest = await takeBackup(
    docker,
    { ...request, acceptSmaller: false, readBack: false },
    new AbortController().signal,
  );
  if (manifest === undefined) throw new Error("there was nothing to back up");
  return manifest;
}

function startDrill(...args: string[]): Running {
  return launch("bash", ["scripts/drill.sh", "--stack", STACK, ...args]);
}

/** Parses the output for a monitor, which must be one line and nothing else. */
function told({ stdout }: Ended): Record<string, unknown> {
  expect(stdout).toMatch(/^\{.*\}\n$/);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const shell = (script: string) => docker.run(["exec", POSTGRES, "sh", "-euc", script]);
const fingerprint = () => shell("cd /backups; ls; stat -c '%n %s %Y' *.dump; sha256sum *.dump");
const databases = () => database.query("SELECT datname FROM pg_database ORDER BY 1");

/** Waits for the volumes of a drill's database, without that of the backups, which is not its own. */
async function ownVolumes(): Promise<string[]> {
  const mounts = await vi.waitUntil(async () => {
    const found = await mountsOf(docker, `${DRILL}-postgres`);
    return found.length > 0 && found;
  }, patience);
  expect(mounts.find(({ Destination }) => Destination === "/backups")).toMatchObject({ Name: VOLUME, RW: false });
  return mounts.flatMap(({ Name }) => (Name === undefined || Name === VOLUME ? [] : [Name]));
}

async function mustBeGone(gone: readonly string[]): Promise<void> {
  expect(gone).toHaveLength(1);
  for (const volume of gone) expect(await docker.inspect(volume, "volume")).toBeUndefined();
}

describe("a drill", { timeout: 5 * MINUTE }, () => {
  let good: BackupManifest;

  test("of a good backup proves its rows and its release, and leaves nothing behind", async () => {
    good = await backup();
    const before = [await fingerprint(), await databases()];
    const running = startDrill();
    const volumes = await ownVolumes();
    const ended = await running.ended;
    expect(ended.exitCode, ended.stderr).toBe(0);
    const { id, version, takenAt, bytes, rows } = good;
    expect(rows["public.cases"]).toBe(CASES);
    const proved = { ok: true, stack: STACK, backup: id, version, takenAt, bytes, rows: total(rows) };
    expect(told(ended)).toEqual({
      ...proved,
      tables: Object.keys(rows).length,
      restoreSeconds: expect.any(Number) as number,
      healthSeconds: expect.any(Number) as number,
      ageSeconds: expect.any(Number) as number,
    });
    await mustBeGone(volumes);
    expect([await fingerprint(), await databases()]).toEqual(before);
    expect((await findBackup(database, id)).proven).toMatchObject({ by: "drill", way: "pg_restore" });
  });

  test("of a missing backup, and one with a wrong command line, says so", async () => {
    const unknown = "20200101T000000Z-1.0.0";
    const absent = await startDrill(unknown).ended;
    expect(absent.exitCode).toBe(1);
    const error = `there is no backup ${unknown}; the newest is ${good.id}`;
    expect(told(absent)).toEqual({ ok: false, backup: unknown, error });
    expect(absent.stderr).toContain(error);
    const wrong = await startDrill("--keep").ended;
    expect(wrong.exitCode).toBe(1);
    expect(told(wrong)).toMatchObject({ ok: false, backup: null });
    expect(wrong.stderr).toContain("Usage: scripts/drill.sh");
  });

  test("of a backup with a flipped byte names the checksum", async () => {
    const dump = `/backups/${good.id}.dump`;
    await shell(`cp -p ${dump} /tmp/kept; printf '\\377' | dd of=${dump} bs=1 seek=5000 conv=notrunc status=none`);
    const running = startDrill(good.id);
    const volumes = await ownVolumes();
    const ended = await running.ended;
    await shell(`cp -p /tmp/kept ${dump}`);
    expect(ended.exitCode).toBe(1);
    const damage = `the backup ${good.id} cannot be relied on: its dump is damaged: the sha256 is `;
    expect(told(ended)).toMatchObject({ ok: false, backup: good.id, error: expect.stringContaining(damage) as string });
    expect(ended.stderr).toContain("The live database and the backups are untouched");
    await mustBeGone(volumes);
  });

  test("of a backup whose image is missing, or is another one, is refused", async () => {
    const gone = await backup("1.4.2", `sha256:${"0".repeat(64)}`);
    const missing = await startDrill(gone.id).ended;
    expect(missing.exitCode).toBe(1);
    expect(told(missing)["error"]).toContain("the api image of 1.4.2");
    expect(told(missing)["error"]).toContain("is not on the Docker host any more");
    const mistaken = await backup("1.4.3");
    const other = await startDrill().ended;
    expect(other.exitCode).toBe(1);
    const error = "1.4.3 does not work on the restored data: /health is answered by version 1.4.2, not by 1.4.3";
    expect(told(other)).toEqual({ ok: false, backup: mistaken.id, error });
  });

  test("runs alone, cleans up when it is stopped, and removes what a killed one has left", async () => {
    const first = startDrill(good.id);
    const volumes = await ownVolumes();
    // Otherwise the first would be done before the second stops waiting for it.
    await vi.waitFor(() => docker.run(["pause", `${DRILL}-postgres`]), patience);
    const second = await startDrill(good.id).ended;
    await docker.run(["unpause", `${DRILL}-postgres`]);
    expect(second.exitCode).toBe(1);
    expect(told(second)["error"]).toMatch(/^another drill runs, by \S+@\S+ since /);
    first.child.kill("SIGTERM");
    const stopped = await first.ended;
    expect(stopped.exitCode).toBe(1);
    expect(told(stopped)).toEqual({ ok: false, backup: good.id, error: "it was stopped by SIGTERM" });
    expect(await remains()).toEqual([]);
    await mustBeGone(volumes);

    const killed = startDrill(good.id);
    const left = await ownVolumes();
    killed.child.kill("SIGKILL");
    await killed.ended;
    expect(await remains()).toContain(`${DRILL}-postgres`);
    const next = await startDrill(good.id).ended;
    expect(next.exitCode, next.stderr).toBe(0);
    await mustBeGone(left);
  });
});
