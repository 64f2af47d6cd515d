import { readFileSync, readlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { isAlive, statusOf } from "./process";

/**
 * Describes a process so that other processes can find out whether it is gone. A pid alone is not enough: the kernel
 * reuses pids, and two machines or two containers have the same ones.
 */
export interface Identity {
  readonly machine: string;
  readonly pid: number;
  /** Ticks between the start of the kernel and that of the process; undefined where /proc does not show it. */
  readonly started?: string | undefined;
  /** Id of the boot of the running kernel, the same in all of its containers: random(4). */
  readonly boot?: string | undefined;
  /** The namespace of the pid, `pid:[4026531836]`: pid_namespaces(7). */
  readonly namespace?: string | undefined;
  /** Id of the installed system: machine-id(5). */
  readonly system?: string | undefined;
  /** Id of the Docker container that the process runs in, on any Docker host. */
  readonly container?: string | undefined;
}

/**
 * The first pid namespace of every Linux (inode PROC_PID_INIT_INO). A container is not in it, unless it shares the
 * host's.
 */
const FIRST_NAMESPACE = "pid:[4026531836]";

/** Docker mounts these files from the container's own folder. Cgroups name the container only in version 1. */
const CONTAINER = /\/containers\/([0-9a-f]{64})\/(?:hostname|hosts|resolv\.conf) /;

/** Gives the name of the user of this machine. */
export function operator(): string {
  return at(userInfo().username, hostname());
}

/** Names a process for a message. */
export function processOf(user: string, machine: string, pid: number): string {
  return `${at(user, machine)} (pid ${pid})`;
}

function at(user: string, machine: string): string {
  return `${user}@${machine}`;
}

export function identify(pid = process.pid): Identity {
  return {
    machine: hostname(),
    pid,
    started: statusOf(pid)?.started,
    boot: known(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    namespace: known(() => readlinkSync("/proc/self/ns/pid")),
    system: known(() => readFileSync("/etc/machine-id", "utf8")),
    container: containerOf(known(() => readFileSync("/proc/self/mountinfo", "utf8")) ?? ""),
  };
}

/** Gives the container that these mounts belong to. */
export function containerOf(mounts: string): string | undefined {
  return CONTAINER.exec(mounts)?.[1];
}

/**
 * Says whether a process is known to be gone. The answer is also false where this process cannot see it: on another
 * machine, or in another container.
 */
export function isGone(other: Identity, here = identify()): boolean {
  if (other.boot === undefined || here.boot === undefined) return other.machine === here.machine && !isAlive(other.pid);
  if (other.boot === here.boot) return other.namespace === here.namespace && !isStill(other);
  // The same machine has booted again since. A container has a new name and a new namespace each time.
  const outside = [other, here].every(({ namespace }) => namespace === FIRST_NAMESPACE);
  return outside && other.machine === here.machine && other.system !== undefined && other.system === here.system;
}

/** The pid may belong to another process by now. */
function isStill({ pid, started }: Identity): boolean {
  const found = statusOf(pid)?.started;
  return isAlive(pid) && (started === undefined || found === undefined || found === started);
}

function known(read: () => string): string | undefined {
  try {
    const text = read().trim();
    return text === "" ? undefined : text;
  } catch {
    return undefined;
  }
}
