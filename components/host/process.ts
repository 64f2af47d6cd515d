import { readdirSync, readFileSync } from "node:fs";

/** What Linux says about a process: proc_pid_stat(5). */
interface ProcessStatus {
  /** The kernel cuts it to 15 characters. */
  readonly command: string;
  /** One letter. */
  readonly state: string;
  readonly parent: number;
  /** Clock ticks between the start of the kernel and that of the process. */
  readonly started: string;
}

/** Pid, command, state, parent, 17 others, start time. */
const STAT = /^\d+ \((.*)\) (\S) (\d+)(?: -?\d+){17} (\d+)/s;

/** Zombie and dead: the process has ended, and its parent has not collected it yet. */
const ENDED = ["Z", "X", "x"];

/**
 * Says whether a process is still at work. Signal 0 also reaches a zombie, which its parent may never collect; only
 * /proc shows the difference. /proc alone is not enough: mounted with `hidepid` it hides processes of other users, and
 * only Linux has it. A process whose end is not certain counts as alive: no lock is taken from a process that may hold
 * it.
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

/** Gives the words of the command line of a process; none when it has just ended. */
export function commandLine(pid: number): string[] {
  return read(`/proc/${pid}/cmdline`).split("\0");
}

/** A process that this user may not signal, and an invalid pid, are not known to be gone. */
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
