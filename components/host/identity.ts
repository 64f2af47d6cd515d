import { readFileSync, readlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { isAlive, statusOf } from "./process";

/**
 * A process, as others can find it again, or find it gone. A pid alone says little: numbers are given away again, two
 * machines have the same ones, and so do two containers.
 */
export interface Identity {
  readonly machine: string;
  readonly pid: number;
  /** Ticks between the kernel's start and the process's; undefined where /proc does not tell. */
  readonly started?: string | undefined;
  /** Of the running kernel, the same in all of its containers: random(4). */
  readonly boot?: string | undefined;
  /** In which the pid counts: `pid:[4026531836]`, see pid_namespaces(7). */
  readonly namespace?: string | undefined;
  /** Of the installed system: machine-id(5). */
  readonly system?: string | undefined;
  /** Id of the Docker container that it runs in, on whatever engine. */
  readonly container?: string | undefined;
}

/** The inode of the first pid namespace of every Linux (PROC_PID_INIT_INO): no container, unless it has the host's. */
const FIRST_NAMESPACE = "pid:[4026531836]";

/** Docker mounts these from the container's own folder; cgroups name the container only in version 1. */
const CONTAINER = /\/containers\/([0-9a-f]{64})\/(?:hostname|hosts|resolv\.conf) /;

/** The person who works at this machine. */
export function operator(): string {
  return at(userInfo().username, hostname());
}

/** A process as a person finds it. */
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

/** The container whose mounts these are. */
export function containerOf(mounts: string): string | undefined {
  return CONTAINER.exec(mounts)?.[1];
}

/**
 * Whether a process can be seen from here to be gone. False is also what cannot be told: it runs on another machine, or
 * in another container.
 */
export function isGone(other: Identity, here = identify()): boolean {
  if (other.boot === undefined || here.boot === undefined) return other.machine === here.machine && !isAlive(other.pid);
  if (other.boot === here.boot) return other.namespace === here.namespace && !isStill(other);
  // The same machine has started anew since. A container has a new name and a new namespace each time.
  const outside = [other, here].every(({ namespace }) => namespace === FIRST_NAMESPACE);
  return outside && other.machine === here.machine && other.system !== undefined && other.system === here.system;
}

/** Its number may be another process's by now. */
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
