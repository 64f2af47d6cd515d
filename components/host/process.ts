import { readdirSync, readFileSync } from "node:fs";

/** What Linux tells of a process: proc_pid_stat(5). */
interface ProcessStatus {
  /** Cut to 15 characters. */
  readonly command: string;
  /** One letter. */
  readonly state: string;
  readonly parent: number;
  /** Clock ticks between the start of the kernel and that of the process. */
  readonly started: string;
}

/** Pid, command, state, parent, 17 others, start time. */
const STAT = /^\d+ \((.*)\) (\S) (\d+)(?: -?\d+){17} (\d+)/s;

/** Zombie, and dead: a process that has ended, and whose parent has not asked how. */
const ENDED = ["Z", "X", "x"];

/**
 * Whether a process is still at work. Signal 0 reaches every process that there is, also one that has ended and waits
 * for its parent, which may take for ever; only /proc tells those apart. And /proc alone is not enough: mounted with
 * `hidepid` it has no word of another user's process, and other systems than Linux have none. What cannot be told
 * counts as alive: a lock is not taken from a process that may still hold it.
 */
export function isAlive(pid: number): boolean {
  return exists(pid) && !ENDED.includes(statusOf(pid)?.state ?? "");
}

/** Undefined when there is no such process, or it is hidden. */
export function statusOf(pid: number): ProcessStatus | undefined {
  const [, command, state, parent, started] = STAT.exec(read(`/proc/${pid}/stat`)) ?? [];
  if (command === undefined || state === undefined || started === undefined) return undefined;
  return { command, state, parent: Number(parent), started };
}

/** Pids of all processes; none where there is no /proc. */
export function processes(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** Its words; none for a process that has just ended. */
export function commandLine(pid: number): string[] {
  return read(`/proc/${pid}/cmdline`).split("\0");
}

/** A process that may not be signalled, or a number that is none, is not known to be gone. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
