import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { DockerClient } from "../../components/host/docker/client";
import { newestEngine } from "./engine-root";
import { run } from "./stack";

/** Of the folder of an engine; the pid of the test that it belongs to follows. */
const PREFIX = join(realpathSync(tmpdir()), "nestfleet-engine-");
const TOOLS = ["docker", "dockerd", "mount", "nsenter", "perl", "setpriv", "sh", "umount", "unshare"];
const ROOT_TOOLS = ["chroot", "flock", "pivot_root"];
const START_MS = 60_000;
/** dockerd gives its containers their grace time first: 60 s for the longest. */
const STOP_MS = 90_000;
const POLL_MS = 100;

/**
 * SIOCSIFFLAGS with IFF_UP, netdevice(7): a new namespace's loopback is down. In Perl, which is on every Debian, where
 * iproute2 need not be.
 */
export const LOOPBACK_UP = `
  use Socket;
  socket(my $socket, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";
  my $request = pack("a16 s x22", "lo", 1);
  ioctl($socket, 0x8914, $request) or die "lo: $!";`;

/** What follows is a script, which sees mounts that only its own process and those below it see. */
const OWN_MOUNTS = ["unshare", "--mount", "--propagation", "private", "sh", "-c"];

/**
 * Runs a program in a root file system of its own, with the machine's processes, devices and /run, and with the folder
 * of the engine where it is outside. By pivot_root and not by chroot: runc joins the mount namespace, whose root a
 * chroot leaves where it was.
 */
const IN_ROOT = `
  set -eu
  root=$1 folder=$2
  shift 2
  mount --bind "$root" "$root"
  for there in proc sys dev run; do mount --rbind "/$there" "$root/$there"; done
  mount -t tmpfs tmpfs "$root/mnt"
  mkdir "$root/mnt/old" "$root/mnt/folder"
  mount --rbind "$folder" "$root/mnt/folder"
  mount -t tmpfs tmpfs "$root/tmp"
  mkdir -p "$root$folder"
  mount --rbind "$root/mnt/folder" "$root$folder"
  pivot_root "$root" "$root/mnt/old"
  cd /
  umount -l /mnt/old
  exec "$@"`;

export interface EngineOptions {
  /** `newest`: the newest that Debian has, with its own containerd and runc; by default the machine's own. */
  readonly version?: "newest";
  /** What an administrator has written into daemon.json. */
  readonly daemon?: Readonly<Record<string, unknown>>;
  /** Control groups (v1) that its kernel seems to lack: what they limit, this host cannot. Of the machine's own only. */
  readonly lacking?: readonly string[];
}

/**
 * A Docker engine of a test's own, to be stopped and killed at will: its own socket, data, containerd and processes, in
 * a folder of its own. It lives in a network namespace of its own, because an engine takes the bridge and the firewall
 * rules of its namespace for its own, and would take the machine's engine's away. Hence its published ports, too, are
 * reached from inside the namespace only: see `inside`.
 */
export class OwnEngine {
  public readonly host: string;
  public readonly docker: DockerClient;
  private readonly folder: string;
  private readonly network: string;
  private engine: ChildProcess | undefined;

  public constructor(private readonly options: EngineOptions = {}) {
    mustBePossible(options);
    this.folder = `${PREFIX}${process.pid}`;
    this.network = join(this.folder, "network");
    this.host = `unix://${join(this.folder, "docker.sock")}`;
    this.docker = new DockerClient(this.host);
  }

  /** The command line that runs a command in the engine's network namespace, and in no other of its namespaces. */
  public inside(...command: string[]): [string, ...string[]] {
    return ["nsenter", `--net=${this.network}`, "--", ...command];
  }

  /** Starts the engine and waits until it answers, and with it the containers that are to run. */
  public async start(): Promise<void> {
    if (!existsSync(this.folder)) await this.prepare();
    const own = this.options.version === "newest" ? this.inRoot(await newestEngine()) : this.withoutGroups();
    const log = openSync(join(this.folder, "dockerd.log"), "a");
    // It goes when the test goes, whatever takes the test away.
    const dying = ["setpriv", "--pdeathsig", "SIGTERM"];
    const [program, ...args] = this.inside(...dying, ...own, "dockerd", "--config-file", this.path("daemon.json"));
    const engine = spawn(program, args, { stdio: ["ignore", log, log] });
    closeSync(log);
    this.engine = engine;
    await within(START_MS, "The engine does not start", async () => {
      if (hasEnded(engine)) throw new Error(`The engine ended while it started:\n${this.log()}`);
      return answers(this.docker);
    });
  }

  /** As an administrator or a package's update stops it: the containers are stopped, and start again with it. */
  public async stop(): Promise<void> {
    await this.end("SIGTERM");
  }

  /** As a crash takes it: the containers run on, without anybody who knows them. */
  public async kill(): Promise<void> {
    await this.end("SIGKILL");
    await killContainerd(this.folder);
  }

  /** As a power failure or the reset of the host takes it: nothing that ran does any more, nothing could say goodbye. */
  public async cutPower(): Promise<void> {
    await this.end("SIGKILL");
    await killEverything(this.folder);
  }

  /** Copies images of the machine's engine, under the names given. Reads from that engine and changes nothing of it. */
  public async load(images: Readonly<Record<string, string>>): Promise<void> {
    const names = Object.keys(images);
    const copied = await run("sh", [
      "-c",
      'host=$1; shift; docker save "$@" | docker --host "$host" load',
      "-",
      this.host,
      ...names,
    ]);
    if (copied.exitCode !== 0) throw new Error(copied.output);
    for (const [name, wanted] of Object.entries(images)) await this.docker.run(["tag", name, wanted]);
  }

  /** Leaves nothing behind: no process, no mount, no namespace, no file. */
  public async dispose(): Promise<void> {
    await this.end("SIGKILL");
    await clear(this.folder);
  }

  /** The end of what the engine said. */
  public log(): string {
    const log = this.path("dockerd.log");
    return existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").slice(-20).join("\n") : "";
  }

  /** A file of its own, so that the machine's /etc/docker/daemon.json does not apply. */
  private async prepare(): Promise<void> {
    for (const folder of abandoned()) await clear(folder);
    mkdirSync(this.folder, { mode: 0o700 });
    guard(this.folder);
    const config = {
      ...this.options.daemon,
      hosts: [this.host],
      "data-root": this.path("data"),
      "exec-root": this.path("exec"),
      pidfile: this.path("dockerd.pid"),
    };
    writeFileSync(this.path("daemon.json"), JSON.stringify(config));
    writeFileSync(this.network, "");
    await promisify(execFile)("unshare", [`--net=${this.network}`, "perl", "-e", LOOPBACK_UP]);
  }

  private path(name: string): string {
    return join(this.folder, name);
  }

  private inRoot(root: string): string[] {
    return [...OWN_MOUNTS, IN_ROOT, "-", root, this.folder];
  }

  private withoutGroups(): string[] {
    const { lacking = [] } = this.options;
    if (lacking.length === 0) return [];
    const folders = lacking.map((group) => `/sys/fs/cgroup/${group}`);
    return [...OWN_MOUNTS, `umount ${folders.join(" ")} && exec "$@"`, "-"];
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { engine } = this;
    if (engine === undefined || hasEnded(engine)) return;
    const ended = once(engine, "exit");
    engine.kill(signal);
    const timer = setTimeout(() => engine.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(timer);
  }
}

/** Says all that is missing: a test that cannot run has not passed. */
function mustBePossible({ version }: EngineOptions): void {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const tools = version === "newest" ? [...TOOLS, ...ROOT_TOOLS] : TOOLS;
  const missing = tools.filter((tool) => !folders.some((folder) => existsSync(join(folder, tool))));
  const reasons = [
    ...(process.platform === "linux" ? [] : [`Linux, and this is ${process.platform}`]),
    ...(process.getuid?.() === 0 ? [] : ["root"]),
    ...(missing.length === 0 ? [] : [`${missing.join(", ")} on PATH (Debian: docker.io, util-linux, perl-base)`]),
  ];
  if (reasons.length > 0)
    throw new Error(`This test runs a Docker engine of its own. For that it needs ${reasons.join("; ")}.`);
}

async function answers(docker: DockerClient): Promise<boolean> {
  return docker.run(["version"]).then(
    () => true,
    () => false,
  );
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Engines of tests that were killed before they could tidy up. */
function abandoned(): string[] {
  const folders = readdirSync(dirname(PREFIX)).map((name) => join(dirname(PREFIX), name));
  return folders.filter((folder) => folder.startsWith(PREFIX) && !existsSync(`/proc/${folder.slice(PREFIX.length)}`));
}

/**
 * Clears away when the test has gone without doing so, whatever took it: then its end of the pipe closes. In a session
 * of its own, so that Ctrl-C does not take it as well.
 */
function guard(folder: string): void {
  const wait = `process.stdin.resume().on("end", () => require(${JSON.stringify(__filename)}).clear(process.argv[1]))`;
  const guardian = spawn(process.execPath, ["--import", "tsx", "-e", wait, folder], {
    cwd: dirname(dirname(__dirname)),
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guardian.unref();
  // A pipe of Node.js is a socket, which keeps its process alive.
  if (guardian.stdin instanceof Socket) guardian.stdin.unref();
}

/** Ends and removes all of an engine; of one that is gone already, nothing. */
export async function clear(folder: string): Promise<void> {
  await killEverything(folder);
  for (const mount of mountsBelow(folder)) await promisify(execFile)("umount", [mount]);
  rmSync(folder, { recursive: true, force: true });
}

/** dockerd takes the number in the file for that of a living containerd as long as nobody has waited for the dead one. */
async function killContainerd(folder: string): Promise<void> {
  await killAll(() => pidsOf(folder, /^containerd$/));
  rmSync(join(folder, "exec/containerd/containerd.pid"), { force: true });
}

/** The shims first, or they would see their containers die and put them in order. */
async function killEverything(folder: string): Promise<void> {
  const containers = join(folder, "data/containers");
  const ids = existsSync(containers) ? readdirSync(containers) : [];
  await killContainerd(folder);
  await killAll(() => pidsOf(folder));
  await killAll(() => pidsIn(ids));
  for (const id of ids) rmSync(shimSocket(folder, id), { force: true });
}

/** Where containerd's runtime v2 has a shim listen: outside of any folder that it is told. */
function shimSocket(folder: string, container: string): string {
  const address = join(folder, "exec/containerd/containerd.sock", "moby", container);
  return join("/run/containerd/s", createHash("sha256").update(address).digest("hex"));
}

/** Kills what is found until nothing is. */
async function killAll(find: () => number[]): Promise<void> {
  await within(STOP_MS, "A process cannot be killed", () => {
    const pids = find();
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
        thaw(pid);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    return Promise.resolve(pids.length === 0);
  });
}

/** With control groups v1, a process in a container that stands still dies only once it runs on. */
function thaw(pid: number): void {
  const [, group] = /^\d+:freezer:(\/.+)$/m.exec(read(`/proc/${pid}/cgroup`)) ?? [];
  if (group === undefined) return;
  const state = join("/sys/fs/cgroup/freezer", group, "freezer.state");
  if (read(state).startsWith("FR")) writeFileSync(state, "THAWED");
}

/** The processes of the engine in that folder, by program: each is told the folder on its command line. */
function pidsOf(folder: string, program = /^(dockerd|containerd.*|runc)$/): number[] {
  return pids().filter((pid) => {
    const [path = "", ...args] = read(`/proc/${pid}/cmdline`).split("\0");
    return program.test(basename(path)) && args.some((arg) => arg.includes(`${folder}/`));
  });
}

/** The processes in these containers: their control group is named after the container. */
function pidsIn(containers: readonly string[]): number[] {
  if (containers.length === 0) return [];
  return pids().filter((pid) => {
    const groups = read(`/proc/${pid}/cgroup`);
    return containers.some((container) => groups.includes(container));
  });
}

function pids(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

/** Mount points, the innermost first. */
function mountsBelow(folder: string): string[] {
  const mounts = read("/proc/self/mounts")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  return mounts.filter((mount) => mount.startsWith(`${folder}/`)).reverse();
}

/** Empty when there is no such file, or no such process any more. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

async function within(milliseconds: number, what: string, done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!(await done())) {
    if (Date.now() > deadline) throw new Error(`${what} within ${milliseconds / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
