import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";
import type { DockerClient } from "../docker/client";
import { isAlive } from "./process";

/** Who is at work on a stack, from which machine and process, since when. */
export interface Holder {
  readonly operator: string;
  readonly machine: string;
  readonly pid: number;
  readonly since: string;
}

/** Held until `release`, or until the process that holds it is gone. */
export interface Lock {
  /** Waits for Docker, so that a process may call it while it exits. */
  readonly release: () => void;
}

const PREFIX = "org.nestfleet.lock";

/**
 * One update or backup of a stack at a time, whatever checkout and state backend it comes from: Pulumi's own lock knows
 * only its backend. The lock is a Docker volume, because `docker volume create` is atomic, needs no image, and keeps
 * the labels of whoever was first.
 *
 * A lock whose process is gone is taken over, when it was taken on this machine; from another machine nothing can be
 * said about it, so it stands until it is freed by hand. Returns the holder instead when somebody else is at work.
 */
export async function takeLock(docker: DockerClient, stackName: string, pid = process.pid): Promise<Lock | Holder> {
  const volume = lockName(stackName);
  for (let attempt = 0; attempt < 3; attempt++) {
    const token = randomUUID();
    const own: Holder = {
      operator: userInfo().username,
      machine: hostname(),
      pid,
      since: new Date().toISOString(),
    };
    await docker.run(["volume", "create", ...Object.entries({ ...own, token }).flatMap(label), volume]);
    const labels = await labelsOf(docker, volume);
    const found = labels && tokenOf(labels);
    if (found === token)
      return {
        release: () => {
          remove(docker, volume, token);
        },
      };
    const holder = labels && holderOf(labels);
    if (holder !== undefined && !isStale(holder)) return holder;
    if (found !== undefined) remove(docker, volume, found);
  }
  throw new Error(`the lock ${volume} changes hands all the time`);
}

/** Who is at work, since when, and what frees the lock when they are known to be dead. */
export function busy({ operator, machine, pid, since }: Holder, stackName: string, dockerHost: string): string {
  return (
    `${operator}@${machine} (pid ${pid}) has been working on this stack since ${since}; nothing was touched.\n` +
    `Wait until that is done. If it is dead: docker --host ${dockerHost} volume rm ${lockName(stackName)}`
  );
}

export function lockName(stackName: string): string {
  return `${stackName}-lock`;
}

/** Only while it is still that one's: meanwhile another may have taken it over, and holds a lock of the same name. */
function remove(docker: DockerClient, volume: string, token: string): void {
  const ask = (...args: string[]) =>
    spawnSync("docker", ["--host", docker.host, "volume", ...args], { encoding: "utf8" });
  const current = ask("inspect", "--format", `{{index .Labels "${PREFIX}.token"}}`, volume).stdout.trim();
  if (current === token) ask("rm", "--force", volume);
}

function tokenOf(labels: Record<string, string>): string {
  return labels[`${PREFIX}.token`] ?? "";
}

function label([key, value]: [string, string | number]): string[] {
  return ["--label", `${PREFIX}.${key}=${value}`];
}

async function labelsOf(docker: DockerClient, volume: string): Promise<Record<string, string> | undefined> {
  const inspected = (await docker.inspect(volume, "volume")) as { Labels?: Record<string, string> | null } | undefined;
  return inspected && (inspected.Labels ?? {});
}

function holderOf(labels: Record<string, string>): Holder {
  const value = (key: string) => labels[`${PREFIX}.${key}`] ?? "unknown";
  return { operator: value("operator"), machine: value("machine"), pid: Number(value("pid")), since: value("since") };
}

function isStale({ machine, pid }: Holder): boolean {
  return machine === hostname() && !isAlive(pid);
}
