import { readFileSync } from "node:fs";

const PAUSE_MS = 500;

/**
 * Ends this process (SIGTERM, so that it tidies up) once the engine that started it is gone. A `pulumi` killed with -9
 * takes neither its plugins nor their commands along, and the next run must not find this one still at work. Where
 * there is no /proc, or no engine among the ancestors (by hand, from cron), nothing is watched.
 */
export function endWithEngine(): void {
  const engine = ancestor("pulumi");
  if (engine === undefined) return;
  setInterval(() => {
    if (!isAlive(engine)) process.kill(process.pid, "SIGTERM");
  }, PAUSE_MS).unref();
}

/** Pid of the nearest ancestor with that name. */
function ancestor(name: string): number | undefined {
  for (let pid = process.ppid; pid > 1;) {
    const stat = read(`/proc/${pid}/stat`);
    const [, command, parent] = /^\d+ \((.*)\) \S (\d+)/.exec(stat) ?? [];
    if (command === undefined) return undefined;
    if (command === name) return pid;
    pid = Number(parent);
  }
  return undefined;
}

function isAlive(pid: number): boolean {
  return read(`/proc/${pid}/stat`) !== "";
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
