import { readlinkSync } from "node:fs";
import { isAlive, statusOf } from "./process";

const PAUSE_MS = 500;

/**
 * Ends this process (SIGTERM, so that it tidies up) once the engine that started it is gone. A `pulumi` killed with -9
 * takes neither the program along nor plugins and their commands, and the next run must not find one still at work.
 * It is signalled once: what it tidies up may take longer than a moment. Where there is no /proc, or no engine among
 * the ancestors (by hand, from cron), nothing is watched.
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
 * Ends the program also when no process reads any more what it writes. The SDK would report that it cannot report, for
 * ever, with a core and more memory each second.
 */
export function exitOnClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", () => {
      process.exit(1);
    });
}

/** True when an engine is among a process's ancestors. */
export function hasEngine(pid: number): boolean {
  const parent = statusOf(pid)?.parent;
  return parent !== undefined && ancestor("pulumi", parent) !== undefined;
}

/** The CLI whose engine runs this process, to ask it something else; `pulumi` where that cannot be told. */
export function engineProgram(): string {
  const engine = ancestor("pulumi");
  try {
    return engine === undefined ? "pulumi" : readlinkSync(`/proc/${engine}/exe`);
  } catch {
    return "pulumi";
  }
}

/** Pid of the nearest ancestor with that name. */
function ancestor(name: string, first = process.ppid): number | undefined {
  for (let pid = first; pid > 1;) {
    const status = statusOf(pid);
    if (status === undefined) return undefined;
    if (status.command === name) return pid;
    pid = status.parent;
  }
  return undefined;
}
