import { isAlive, statusOf } from "../../components/host/process";

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
    const status = statusOf(pid);
    if (status === undefined) return undefined;
    if (status.command === name) return pid;
    pid = status.parent;
  }
  return undefined;
}
