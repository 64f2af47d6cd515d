import { readlinkSync } from "node:fs";
import { isAlive, statusOf } from "./process";

const PAUSE_MS = 500;

/**
 * Ends this process (SIGTERM, so that it cleans up) once the `pulumi` process that started it is gone. A `pulumi` that
 * is killed with -9 does not end the program, the plugins or their commands, and the next run must not find one of them
 * at work. The signal is sent once, because cleaning up may take a while. Without /proc, or without `pulumi` among the
 * ancestors (by hand, from cron), nothing is watched.
 */
export function exitWithEngine(): void {
  const engine = ancestor("pulumi");
  if (engine === undefined) return;
  const watching = setInterval(() => {
    if (isAlive(engine)) return;
    clearInterval(watching);
    process.kill(process.pid, "SIGTERM");
  }, PAUSE_MS).unref();
}

/**
 * Ends the program when no process reads its output any more. Otherwise the SDK would try to report this failure for
 * ever, which takes a processor core, and more memory each second.
 */
export function exitOnClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", () => {
      process.exit(1);
    });
}

/** True when `pulumi` is among the ancestors of a process. */
export function hasEngine(pid: number): boolean {
  const parent = statusOf(pid)?.parent;
  return parent !== undefined && ancestor("pulumi", parent) !== undefined;
}

/** Gives the program file of the CLI that runs this process, for further commands; `pulumi` where it is not known. */
export function engineProgram(): string {
  const engine = ancestor("pulumi");
  try {
    return engine === undefined ? "pulumi" : readlinkSync(`/proc/${engine}/exe`);
  } catch {
    return "pulumi";
  }
}

/** Gives the pid of the nearest ancestor with that name. */
function ancestor(name: string, first = process.ppid): number | undefined {
  for (let pid = first; pid > 1;) {
    const status = statusOf(pid);
    if (status === undefined) return undefined;
    if (status.command === name) return pid;
    pid = status.parent;
  }
  return undefined;
}
