import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { postgresHealthcheck } from "../../components/host/docker/healthchecks";
import type { BackupManifest } from "../../components/release/records/manifest";
import { takeBackup } from "../../components/operations/backup/backup";
import { Database } from "../../components/host/database/database";
import { Store } from "../../components/host/backups/store";
import { docker, DOCKER_HOST, type Ended, POSTGRES_IMAGE } from "./fixture";

const MINUTE = 60_000;
const ROOT = join(__dirname, "../..");
/** Two servers: one that was backed up, and a new one, whose stack has another key. */
const OLD = new Database(docker, "copytest-old-postgres");
const NEW = new Database(docker, "copytest-new-postgres");
const DOCKER = execFileSync("sh", ["-c", "command -v docker"], { encoding: "utf8" }).trim();

let folder = "";
let away = "";
let first: BackupManifest;
let second: BackupManifest;

beforeAll(async () => {
  await remove();
  folder = mkdtempSync(join(tmpdir(), "nestfleet-copy-"));
  await Promise.all([start(OLD), start(NEW)]);
  for (const database of [OLD, NEW])
    await database.query(`
      SET search_path = public;
      CREATE TABLE nestfleet_migrations (filename text PRIMARY KEY);
      INSERT INTO nestfleet_migrations VALUES ('0001_init.sql');
      CREATE TABLE cases (title text);
      INSERT INTO cases SELECT md5(n::text) FROM generate_series(1, 20000) n;`);
  first = await backup(OLD);
  second = await backup(OLD);
}, 2 * MINUTE);
afterAll(async () => {
  await remove();
  rmSync(folder, { recursive: true, force: true });
}, MINUTE);
afterEach(() => {
  if (away !== "") rmSync(away, { recursive: true, force: true });
});

/** Makes an empty directory on the operator's machine. */
function empty(): string {
  away = mkdtempSync(join(folder, "away-"));
  return away;
}

async function start({ container }: Database): Promise<void> {
  const labels = ["--label", `org.nestfleet.stack=${stackOf(container)}`, "--label", "org.nestfleet.role=postgres"];
  const settings = ["POSTGRES_USER=nestfleet", "POSTGRES_DB=nestfleet", "POSTGRES_PASSWORD=secret"];
  const key = `NESTFLEET_BACKUP_KEY=${keyOf(container)}`;
  const environment = [...settings, key].flatMap((entry) => ["--env", entry]);
  const mount = ["--volume", `${container}-backups:/backups`];
  await docker.run(["run", "--detach", "--name", container, ...labels, ...mount, ...environment, POSTGRES_IMAGE]);
  const listens = () => docker.run(["exec", container, ...postgresHealthcheck.test.slice(1)]);
  await vi.waitFor(listens, { timeout: MINUTE, interval: 200 });
}

const stackOf = (container: string) => container.replace(/-postgres$/, "");
/** A text that the tests look for in all output, where it must not appear. */
const keyOf = (container: string) => `${stackOf(container)}LEAKED1`.replaceAll("-", "").padEnd(64, "x");

async function remove(): Promise<void> {
  for (const { container } of [OLD, NEW]) {
    await docker.run(["rm", "--force", "--volumes", container]).catch(() => undefined);
    await docker.run(["volume", "rm", "--force", `${container}-backups`]);
  }
}

async function backup({ container }: Database): Promise<BackupManifest> {
  const request = { postgres: container, version: "1.4.2", images: {}, keep: undefined };
  const options = { ...request, acceptSmaller: false, readBack: false };
  const taken = await takeBackup(docker, options, new AbortController().signal);
  if (taken === undefined) throw new Error("there was nothing to back up");
  return taken;
}

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
}

/** Runs with a docker client that runs this line of shell instead of a copy. `real` in the line is the real client. */
function startCopy(database: Database, words: string[], copying?: string): Running {
  const environment = { ...process.env };
  if (copying !== undefined) {
    const shim = mkdtempSync(join(folder, "shim-"));
    const script = `#!/bin/bash\nreal() { ${DOCKER} "$@"; }\ncase "$*" in *" cat /backups/"*.dump | *'cat >"$1"'*) ${copying} ;; *) exec ${DOCKER} "$@" ;; esac\n`;
    writeFileSync(join(shim, "docker"), script, { mode: 0o755 });
    environment["PATH"] = `${shim}:${environment["PATH"] ?? ""}`;
  }
  const place = ["--stack", stackOf(database.container), "--docker-host", DOCKER_HOST];
  const child = spawn("bash", [join(ROOT, "scripts/backup.sh"), ...place, ...words], { cwd: folder, env: environment });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (exitCode) => {
      resolve({ exitCode, stdout, stderr });
    });
  });
  return { child, ended };
}

const copy = (database: Database, words: string[], copying?: string) => startCopy(database, words, copying).ended;
const dumpOf = ({ id }: BackupManifest) => `${id}.dump`;
const manifestOf = ({ id }: BackupManifest) => `${id}.json`;

/** A directory with a copy of the backup, which a test may damage. */
async function copied({ id }: BackupManifest): Promise<string> {
  const taken = join(folder, `taken-${id}`);
  if (!existsSync(taken)) {
    mkdirSync(taken);
    const ended = await copy(OLD, ["--copy-to", taken, id]);
    expect(ended.exitCode, ended.stderr).toBe(0);
  }
  const directory = empty();
  cpSync(taken, directory, { recursive: true });
  return directory;
}

function flip(file: string): void {
  const content = readFileSync(file);
  content[500] = (content[500] ?? 0) ^ 0xff;
  writeFileSync(file, content);
}

const backups = ({ container }: Database) => docker.run(["exec", container, "ls", "-A", "/backups"]);

describe("a copy out", { timeout: MINUTE }, () => {
  test("has dump and manifest, byte for byte, readable for their owner only; without an id it is that of the newest backup", async () => {
    const directory = empty();
    const ended = await copy(OLD, ["--copy-to", `./${directory.slice(folder.length + 1)}`]);
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(JSON.parse(ended.stdout)).toEqual({ backup: second.id, bytes: second.bytes });
    expect(readdirSync(directory).sort()).toEqual([dumpOf(second), manifestOf(second)]);
    for (const name of readdirSync(directory)) {
      const there = execFileSync(DOCKER, ["--host", DOCKER_HOST, "exec", OLD.container, "cat", `/backups/${name}`]);
      expect(readFileSync(join(directory, name)).equals(there)).toBe(true);
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
    }
    expect((await copy(OLD, ["--copy-to", directory])).stderr).toContain(
      `${second.id} is in ${directory} already, complete`,
    );
  });

  test("replaces a damaged one", async () => {
    const directory = await copied(first);
    flip(join(directory, dumpOf(first)));
    expect((await copy(OLD, ["--copy-to", directory, first.id])).exitCode).toBe(0);
    expect((await copy(NEW, ["--copy-from", directory, "20200101T000000Z-1.4.2"])).stderr).toContain(first.id);
    expect((await copy(OLD, ["--copy-to", directory, first.id])).stderr).toContain("already, complete");
  });

  test.each([
    [
      "a connection that ends early",
      'real "$@" | head -c 1000',
      /what arrived is not the backup: its dump has 1000 bytes instead of \d+/,
    ],
    ["a client that fails", "echo 'ssh: connection lost' >&2; exit 255", /ssh: connection lost/],
    [
      "bytes that change on the way",
      "real \"$@\" | tr 'a' 'b'",
      /what arrived is not the backup: its dump is damaged: the sha256 is [0-9a-f]{64} instead of [0-9a-f]{64}/,
    ],
  ])("is refused after %s, and leaves nothing", async (_, copying, why) => {
    const directory = empty();
    const ended = await copy(OLD, ["--copy-to", directory, first.id], copying);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(why);
    expect(ended.stderr).toContain("no incomplete copy is left");
    expect(readdirSync(directory)).toEqual([]);
  });

  test("that is stopped leaves nothing, and one that is killed leaves nothing that counts as a backup", async () => {
    const directory = empty();
    const hang = 'real "$@" | { head -c 1000; exec sleep 8; }';
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const running = startCopy(OLD, ["--copy-to", directory, first.id], hang);
      await vi.waitUntil(() => readdirSync(directory).length > 0, { timeout: 20_000 });
      running.child.kill(signal);
      await running.ended;
      const left = readdirSync(directory);
      expect(left.filter((name) => !name.startsWith(".partial-"))).toEqual([]);
      expect(left).toHaveLength(signal === "SIGTERM" ? 0 : 1);
    }
    expect((await copy(NEW, ["--copy-from", directory, first.id])).stderr).toContain(`There is no backup ${first.id}`);
    expect((await copy(OLD, ["--copy-to", directory, first.id])).exitCode).toBe(0);
  });

  test("into a missing directory says how to make it; a wrong command line prints the usage", async () => {
    const missing = await copy(OLD, ["--copy-to", join(folder, "not-mounted"), first.id]);
    expect(missing.exitCode).toBe(1);
    expect(missing.stderr).toMatch(/there is no such directory[^]*mkdir -p/);
    expect((await copy(OLD, ["--copy-to", empty(), "20200101T000000Z-1.4.2"])).stderr).toContain("there is no backup");
    expect((await copy(OLD, ["--copy-from", away])).stderr).toMatch(/Which backup\?[^]*Usage:/);
  });
});

describe("a copy in", { timeout: MINUTE }, () => {
  test("makes it a backup of the other host, once", async () => {
    const directory = await copied(first);
    const ended = await copy(NEW, ["--copy-from", directory, first.id, "--trust"]);
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(await backups(NEW)).toBe(
      `${manifestOf(first)}\n${dumpOf(first)}\n`.split("\n").sort().join("\n").trim() + "\n",
    );
    expect((await copy(NEW, ["--copy-from", directory, first.id, "--trust"])).stderr).toContain(
      "among the backups already",
    );
    expect((await new Store(NEW).list()).backups.map(({ id }) => id)).toEqual([first.id]);
  });

  test("that this stack has not signed is refused before anything is sent, with the option that accepts it", async () => {
    const directory = await copied(second);
    const before = await backups(NEW);
    const refused = await copy(NEW, ["--copy-from", directory, second.id], "echo sent >&2; exit 1");
    expect([refused.exitCode, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toMatch(
      /is not signed by this stack: another stack or a person may have written it\. Nothing was copied\./,
    );
    expect(refused.stderr).toContain(` --copy-from ${directory} ${second.id} --trust\n`);
    expect(refused.stderr).not.toMatch(/sent\n|LEAKED/);
    expect(await backups(NEW)).toBe(before);
  });

  test("that this stack has signed is accepted without --trust", async () => {
    const directory = await copied(first);
    await docker.run(["exec", OLD.container, "rm", `/backups/${dumpOf(first)}`, `/backups/${manifestOf(first)}`]);
    const ended = await copy(OLD, ["--copy-from", directory, first.id]);
    expect(ended.exitCode, ended.stderr).toBe(0);
    const { backups: there, broken } = await new Store(OLD).list();
    expect([there.map(({ id }) => id), broken]).toEqual([[first.id, second.id], []]);
  });

  test.each<[string, (directory: string) => void, RegExp]>([
    ["a flipped byte", (at) => { flip(join(at, dumpOf(second))); }, /its dump is damaged: the sha256 is [0-9a-f]{64} instead of [0-9a-f]{64}/], // prettier-ignore
    ["a dump that is cut", (at) => { writeFileSync(join(at, dumpOf(second)), "PGDMP"); }, /5 bytes instead of/], // prettier-ignore
    ["no dump", (at) => { rmSync(join(at, dumpOf(second))); }, /its dump is missing/], // prettier-ignore
    ["no manifest", (at) => { rmSync(join(at, manifestOf(second))); }, /is not a complete backup: its manifest/], // prettier-ignore
    ["the manifest of another", (at) => { copyFileSync(join(at, "other"), join(at, manifestOf(second))); }, /is the manifest of/], // prettier-ignore
    ["a manifest of something else", (at) => { writeFileSync(join(at, manifestOf(second)), "{}"); }, /is not the manifest of a backup/], // prettier-ignore
  ])("with %s is refused before anything is sent", async (_, harm, why) => {
    const directory = await copied(second);
    writeFileSync(join(directory, "other"), JSON.stringify(first));
    harm(directory);
    const before = await backups(NEW);
    const ended = await copy(NEW, ["--copy-from", directory, second.id, "--trust"], "echo sent >&2; exit 1");
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(why);
    expect(ended.stderr).not.toContain("sent\n");
    expect(await backups(NEW)).toBe(before);
  });

  test("that is interrupted leaves nothing", async () => {
    const directory = await copied(second);
    const before = await backups(NEW);
    const ended = await copy(NEW, ["--copy-from", directory, second.id, "--trust"], 'head -c 1000 | real "$@"');
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(/what arrived is not the backup: its dump has 1000 bytes instead of \d+/);
    expect(await backups(NEW)).toBe(before);
  });

  test("of another application's dump, and over another backup of that id, is refused", async () => {
    const directory = empty();
    mkdirSync(directory, { recursive: true });
    await docker.run(["exec", OLD.container, "sh", "-c", "pg_dump -U nestfleet -Fc postgres >/tmp/foreign"]);
    const foreign = execFileSync(DOCKER, ["--host", DOCKER_HOST, "exec", OLD.container, "cat", "/tmp/foreign"]);
    writeFileSync(join(directory, dumpOf(second)), foreign);
    const sha256 = execFileSync("sha256sum", [join(directory, dumpOf(second))], { encoding: "utf8" }).slice(0, 64);
    writeFileSync(join(directory, manifestOf(second)), JSON.stringify({ ...second, bytes: foreign.length, sha256 }));
    const before = await backups(NEW);
    const ended = await copy(NEW, ["--copy-from", directory, second.id, "--trust"]);
    expect(ended.stderr).toContain("it is a dump of the database postgres, not of nestfleet");
    expect(await backups(NEW)).toBe(before);
    expect((await copy(OLD, ["--copy-from", directory, second.id, "--trust"])).stderr).toContain(
      `Another backup has the id ${second.id}`,
    );
  });
});
