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

/** The beginning of the path of an engine's folder. The pid of the test that the engine belongs to follows. */
const PREFIX = join(realpathSync(tmpdir()), "nestfleet-engine-");
const TOOLS = ["docker", "dockerd", "mount", "nsenter", "perl", "setpriv", "sh", "umount", "unshare"];
const ROOT_TOOLS = ["chroot", "flock", "pivot_root"];
const START_MS = 60_000;
/** dockerd first gives its containers their grace periods, of which the longest is 60 s. */
const STOP_MS = 90_000;
const POLL_MS = 100;

/**
 * A Perl script that brings up the loopback of a new network namespace: SIOCSIFFLAGS with IFF_UP, netdevice(7). Every
 * Debian has Perl; it need not have iproute2.
 */
export const LOOPBACK_UP = `
  use Socket;
  socket(my $socket, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";
  my $request = pack("a16 s x22", "lo", 1);
  ioctl($socket, 0x8914, $request) or die "lo: $!";`;

/** A command that runs the script after it in a mount namespace: only that process and its children see its mounts. */
const OWN_MOUNTS = ["unshare", "--mount", "--propagation", "private", "sh", "-c"];

/**
 * A script that runs a program in a root file system of its own, with the machine's processes, devices and /run, and
 * with the engine's folder under the same path as outside. It uses pivot_root and not chroot, because runc joins the
 * mount namespace, whose root a chroot does not change.
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
  /** `newest`: the newest engine that Debian has, with its own containerd and runc. By default the machine's engine. */
  readonly version?: "newest";
  /** The content of daemon.json. */
  readonly daemon?: Readonly<Record<string, unknown>>;
  /** Control groups (v1) to hide, as if the kernel lacked them, so that their limits fail. Not with `newest`. */
  readonly lacking?: readonly string[];
}

/**
 * A Docker engine for one test, which the test can stop and kill. It has its own socket, data, containerd and
 * processes, in a folder of its own. It runs in a network namespace of its own, because an engine manages the bridge
 * and the firewall rules of its namespace, and would remove those of the machine's engine. Therefore its published
 * ports can be reached from inside the namespace only: see `inside`.
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

  /** Starts the engine, with the containers that should run, and waits until it answers. */
  public async start(): Promise<void> {
    if (!existsSync(this.folder)) await this.prepare();
    const own = this.options.version === "newest" ? this.inRoot(await newestEngine()) : this.withoutGroups();
    const log = openSync(join(this.folder, "dockerd.log"), "a");
    // The engine ends when the test ends, also if the test is killed.
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

  /** Stops the engine as an administrator or a package update does. Its containers stop, and start again with it. */
  public async stop(): Promise<void> {
    await this.end("SIGTERM");
  }

  /** Kills the engine, as a crash does. The containers run on, without an engine that manages them. */
  public async kill(): Promise<void> {
    await this.end("SIGKILL");
    await killContainerd(this.folder);
  }

  /** Kills the engine and all its containers at once, as a power failure or a reset of the host does. */
  public async cutPower(): Promise<void> {
    await this.end("SIGKILL");
    await killEverything(this.folder);
  }

  /** Copies images from the machine's engine, under the given names. It only reads from that engine. */
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

  /** Removes everything: processes, mounts, namespace and files. */
  public async dispose(): Promise<void> {
    await this.end("SIGKILL");
    await clear(this.folder);
  }

  /** The last lines of the engine's log. */
  public log(): string {
    const log = this.path("dockerd.log");
    return existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").slice(-20).join("\n") : "";
  }

  /**
   * Makes the folder. The engine has a daemon.json of its own, so that the machine's /etc/docker/daemon.json has no
   * effect.
   */
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

/** Throws an error that names everything that is missing: a test that cannot run must not pass. */
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

/** The folders of engines whose tests were killed before they could remove them. */
function abandoned(): string[] {
  const folders = readdirSync(dirname(PREFIX)).map((name) => join(dirname(PREFIX), name));
  return folders.filter((folder) => folder.startsWith(PREFIX) && !existsSync(`/proc/${folder.slice(PREFIX.length)}`));
}

/**
 * Starts a process that removes the engine if the test ends without doing so: then the test's end of the pipe closes.
 * The process has a session of its own, so that Ctrl-C does not end it.
 */
function guard(folder: string): void {
  const wait = `process.stdin.resume().on("end", () => require(${JSON.stringify(__filename)}).clear(process.argv[1]))`;
  const guardian = spawn(process.execPath, ["--import", "tsx", "-e", wait, folder], {
    cwd: dirname(dirname(__dirname)),
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guardian.unref();
  // A pipe of Node.js is a socket, which would keep this process alive.
  if (guardian.stdin instanceof Socket) guardian.stdin.unref();
}

/** Ends and removes an engine completely. Does nothing if it no longer exists. */
export async function clear(folder: string): Promise<void> {
  await killEverything(folder);
  for (const mount of mountsBelow(folder)) await promisify(execFile)("umount", [mount]);
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Kills containerd and removes its pid file: dockerd takes the pid of a dead containerd that is a zombie for a live
 * one.
 */
async function killContainerd(folder: string): Promise<void> {
  await killAll(() => pidsOf(folder, /^containerd$/));
  rmSync(join(folder, "exec/containerd/containerd.pid"), { force: true });
}

/** Kills the shims first: otherwise they would notice that their containers exit, and clean up. */
async function killEverything(folder: string): Promise<void> {
  const containers = join(folder, "data/containers");
  const ids = existsSync(containers) ? readdirSync(containers) : [];
  await killContainerd(folder);
  await killAll(() => pidsOf(folder));
  await killAll(() => pidsIn(ids));
  for (const id of ids) rmSync(shimSocket(folder, id), { force: true });
}

/** The socket of a shim. containerd's runtime v2 puts it outside of the folders that it is configured with. */
function shimSocket(folder: string, container: string): string {
  const address = join(folder, "exec/containerd/containerd.sock", "moby", container);
  return join("/run/containerd/s", createHash("sha256").update(address).digest("hex"));
}

/** Kills the processes that `find` gives until it gives none. */
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

/** With control groups v1, a process in a paused container ends only after the container is unpaused. */
function thaw(pid: number): void {
  const [, group] = /^\d+:freezer:(\/.+)$/m.exec(read(`/proc/${pid}/cgroup`)) ?? [];
  if (group === undefined) return;
  const state = join("/sys/fs/cgroup/freezer", group, "freezer.state");
  if (read(state).startsWith("FR")) writeFileSync(state, "THAWED");
}

/** The processes of the engine in that folder, by program. Each has the folder on its command line. */
function pidsOf(folder: string, program = /^(dockerd|containerd.*|runc)$/): number[] {
  return pids().filter((pid) => {
    const [path = "", ...args] = read(`/proc/${pid}/cmdline`).split("\0");
    return program.test(basename(path)) && args.some((arg) => arg.includes(`${folder}/`));
  });
}

/** The processes in these containers. The name of their control group contains the id of the container. */
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

/** The content of a file. Empty if the file does not exist, or its process no longer exists. */
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
