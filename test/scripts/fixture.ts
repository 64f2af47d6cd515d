import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import { DockerClient } from "../../components/host/docker/client";
import { HEADROOM_BYTES } from "../../components/release/estimate";
import { POSTGRES_CAPABILITIES } from "../../components/host/docker/hardening";
import { postgresHealthcheck } from "../../components/host/docker/healthchecks";
import { Database } from "../../components/host/database/database";

const ROOT = join(__dirname, "../..");
const REGISTRY = `127.0.0.1:${process.env["NESTFLEET_REGISTRY_PORT"] ?? "5055"}`;
export const DOCKER_HOST = process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
export const POSTGRES_IMAGE = `${REGISTRY}/postgres:17`;

export const STACK = "scripttest";
const POSTGRES = "scripttest-postgres";
/** Sees the backups read-only, and has no server. */
export const READ_ONLY = "scripttest-readonly";
/** Has no backups mounted. */
export const BARE = "scripttest-bare";
const NETWORK = "scripttest-net";
const VOLUME = "scripttest-backups";

/** Small enough to fill up in a test, except for the reserve that a backup leaves. */
const BACKUPS_MEGABYTES = 48 + Math.ceil(HEADROOM_BYTES / 2 ** 20);

/** Texts that the tests look for in all output, where they must not appear. */
export const SECRETS = {
  password: "pass/word+LEAKED-1",
  jwt: "jwt-LEAKED-2".padEnd(40, "x"),
  key: "abcdef12".repeat(8),
};

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running script. */
export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
}

export const docker = new DockerClient(DOCKER_HOST);
export const database = new Database(docker, POSTGRES);
/** The output of all scripts, and all command lines that were seen meanwhile. */
export const said: string[] = [];

/** An image with a tag that no stack uses, because a stack of another test removes its old images. */
export function api(version: string): string {
  return `nestfleet-standin/api:${version}`;
}

/** Starts a database server for the tests, with the capabilities of a stack's and an empty database. */
export async function start(): Promise<void> {
  await stop();
  await docker.run(["network", "create", NETWORK]);
  const tmpfs = ["--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", `o=size=${BACKUPS_MEGABYTES}m`];
  await docker.run(["volume", "create", "--driver", "local", ...tmpfs, VOLUME]);
  const idle = ["--entrypoint", "sleep", POSTGRES_IMAGE, "infinity"];
  // It also keeps the backups in memory while the server's container is stopped.
  await docker.run(["run", "--detach", "--init", "--name", READ_ONLY, "--volume", `${VOLUME}:/backups:ro`, ...idle]);
  await docker.run(["run", "--detach", "--init", "--name", BARE, ...idle]);
  const capabilities = POSTGRES_CAPABILITIES.map((name) => `--cap-add=${name}`);
  await docker.run([
    ...["run", "--detach", "--name", POSTGRES, "--network", NETWORK, "--network-alias", "postgres"],
    ...["--volume", `${VOLUME}:/backups`, "--cap-drop=ALL", ...capabilities, "--security-opt=no-new-privileges"],
    ...["--label", `org.nestfleet.stack=${STACK}`, "--label", "org.nestfleet.role=postgres"],
    ...["--env", "POSTGRES_USER=nestfleet", "--env", "POSTGRES_DB=nestfleet"],
    ...["--env", `POSTGRES_PASSWORD=${SECRETS.password}`, POSTGRES_IMAGE],
  ]);
  await ready();
}

/** Runs SQL as an operator does. The program's own sessions find the application's objects only by their schema. */
export function byHand(sql: string): Promise<string[]> {
  return database.query(`SET search_path = public; ${sql}`);
}

export async function ready(): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await docker.run(["exec", POSTGRES, ...postgresHealthcheck.test.slice(1)]);
      await database.query("SELECT 1");
      return;
    } catch (error) {
      if (attempt > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

export async function stop(): Promise<void> {
  const quietly = (args: string[]) => docker.run(args).catch(() => undefined);
  for (const name of [POSTGRES, READ_ONLY, BARE, `${STACK}-rehearsal`])
    await quietly(["rm", "--force", "--volumes", name]);
  await quietly(["volume", "rm", VOLUME]);
  for (const name of [NETWORK, `${STACK}-rehearsal`]) await quietly(["network", "rm", name]);
}

/** Runs the migrations of a release on the live database. */
export async function migrate(version: string): Promise<void> {
  const url = `postgres://nestfleet:${encodeURIComponent(SECRETS.password)}@postgres:5432/nestfleet`;
  const environment = Object.entries({ ...application, DATABASE_URL: url }).flatMap(([name, value]) => [
    "--env",
    `${name}=${value}`,
  ]);
  await docker.run([
    ...["run", "--rm", "--network", NETWORK, ...environment, api(version)],
    ...["node", "dist/infra/db/migrate.js"],
  ]);
}

const application = {
  NODE_ENV: "production",
  PORT: "3001",
  CONSOLE_ORIGIN: "https://localhost",
  JWT_SECRET: SECRETS.jwt,
  SECRET_ENCRYPTION_KEY: SECRETS.key,
};

export function backup(options: Record<string, unknown> = {}): Promise<Ended> {
  return startBackup(options).ended;
}

export function startBackup(options: Record<string, unknown> = {}): Running {
  const input = { dockerHost: DOCKER_HOST, stack: STACK, postgres: POSTGRES, version: "1.4.2", keep: 7, ...options };
  return script("backup", input);
}

export function rehearse(options: Record<string, unknown> = {}): Promise<Ended> {
  return startRehearsal(options).ended;
}

export function startRehearsal(options: Record<string, unknown> = {}): Running {
  return script("rehearse", {
    ...{ dockerHost: DOCKER_HOST, stack: STACK, postgres: POSTGRES, image: api("1.5.0") },
    ...{ migrateCommand: ["node", "dist/infra/db/migrate.js"], mode: "full", backup: "newest" },
    ...options,
  });
}

function script(name: string, input: object): Running {
  const running = launch(process.execPath, ["scripts/run.mjs", name]);
  running.child.stdin.end(JSON.stringify(input));
  return running;
}

export function launch(command: string, args: readonly string[]): Running {
  const child = spawn(command, args, { cwd: ROOT });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (exitCode) => {
      said.push(stdout, stderr);
      resolve({ exitCode, stdout, stderr });
    });
  });
  return { child, ended };
}

/** Gives the id of the backup, which must have been taken. */
export function idOf({ exitCode, stdout, stderr }: Ended): string {
  if (exitCode !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { backup: string }).backup;
}

/** The names of all files in the directory of the backups. */
export async function files(): Promise<string[]> {
  const listed = await docker.run(["exec", READ_ONLY, "ls", "-A", "/backups"]);
  return listed.split("\n").filter(Boolean).sort();
}

export async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it does not come true within 30 s");
}

/** Does some work while pg_dump, if it is started, waits in the middle of a dump. */
export async function whileDumpsWait<T>(work: () => Promise<T>): Promise<T> {
  const holder = database.converse("holder", "nestfleet", {});
  holder.write("BEGIN; LOCK TABLE public.duplicate_jobs IN ACCESS EXCLUSIVE MODE;\n");
  const held =
    "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'public.duplicate_jobs'::regclass";
  try {
    await until(async () => (await database.query(held))[0] === "1");
    return await work();
  } finally {
    holder.close();
    await holder.ended;
  }
}

/** Whether a dump has begun, and waits for its locks. */
export async function dumping(): Promise<boolean> {
  const sql =
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'nestfleet-backup' AND wait_event_type = 'Lock'";
  return (await files()).some((file) => file.startsWith(".partial-")) && Number((await database.query(sql))[0]) >= 1;
}

/** The databases, networks and containers that a rehearsal makes. */
export async function remainsOfRehearsal(): Promise<string[]> {
  const found = await Promise.all([
    database.query("SELECT datname FROM pg_database WHERE datname LIKE '%rehearsal%'"),
    docker.run(["network", "ls", "--filter", `name=${STACK}-rehearsal`, "--format", "{{.Name}}"]),
    docker.run(["ps", "--all", "--filter", `name=${STACK}-rehearsal`, "--format", "{{.Names}}"]),
  ]);
  return found.flatMap((lines) => (typeof lines === "string" ? lines.split("\n") : lines)).filter(Boolean);
}
