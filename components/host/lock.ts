import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import { z } from "zod";
import type { DockerClient } from "./docker/client";
import { docker as command } from "../release/commands";
import { LABELS, namesOf } from "../release/names";
import { unlessDockerFails } from "./docker/errors";
import { type Identity, identify, isGone, processOf } from "./identity";
import { Refusal } from "./output";

/** The user and process that work on a stack, and since when (ISO 8601, by the clock of that process). */
export interface Holder extends Identity {
  readonly operator: string;
  readonly since: string;
}

/** Held until `release`, or until the process that holds it is gone. */
export interface Lock {
  /** Waits for Docker, so that a process may call it while it exits. */
  readonly release: () => void;
}

/** How often a lock is requested again when it is released or removed in between. */
const ATTEMPTS = 50;
const PAUSE_MS = 200;

/** Labels of a volume are untrusted input: any program may have created the volume. */
const word = z.string().regex(/^[\x20-\x7e]{1,100}$/);
const labels = z.object({
  token: z.uuid(),
  operator: word,
  machine: word,
  pid: z.coerce.number().int().positive(),
  since: z.iso.datetime(),
  started: word.optional(),
  boot: word.optional(),
  namespace: word.optional(),
  system: word.optional(),
  container: word.optional(),
});
type Labels = z.infer<typeof labels>;

/**
 * Takes the lock of a stack, which allows one update or backup at a time, from any checkout and state backend: Pulumi's
 * own lock protects one backend only. The lock is a Docker volume, because `docker volume create` is atomic, needs no
 * image, and keeps the labels of the process that was first.
 *
 * A lock is taken over when its process is gone and ran on this machine or in a container of this Docker host. Any
 * other process cannot be seen from here, so its lock stays until an operator removes it. Returns the holder instead
 * when it may still be at work.
 */
export async function takeLock(docker: DockerClient, stack: string, pid = process.pid): Promise<Lock | Holder> {
  return takeLockAs(docker, stack, await known(docker, identify(pid)));
}

/** The same in the name of a given process. */
export async function takeLockAs(docker: DockerClient, stack: string, own: Identity): Promise<Lock | Holder> {
  const volume = namesOf(stack).volumes.lock;
  const taken = await acquire(docker, volume, own);
  if ("release" in taken && taken.tookOver) await removeLeftovers(docker, volume);
  return taken;
}

/** Does the work of a script, by hand or from cron, while no update and no other script works on the stack. */
export async function withStackLock<T>(docker: DockerClient, stack: string, work: () => Promise<T>): Promise<T> {
  const lock = await takeLock(docker, stack);
  if (!("release" in lock)) throw new Refusal(busy(lock, stack, docker.host));
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** Names the process that works on the stack, since when, and the command that removes the lock of a dead process. */
export function busy(holder: Holder, stack: string, dockerHost: string): string {
  const { lock } = namesOf(stack).volumes;
  const { operator, machine, pid, since } = holder;
  const free = command(dockerHost, `volume rm ${lock}`);
  return holder === UNKNOWN
    ? `The volume ${lock} locks the stack ${stack}, and does not name the process that works on it; nothing was touched.\n` +
        `If no process does, remove the lock: ${free}`
    : `The stack ${stack} is locked by ${processOf(operator, machine, pid)} since ${since}; nothing was touched.\n` +
        `Wait until that run ends. If that process no longer exists, remove the lock: ${free}`;
}

/** Gives the lock of a process that may be working on another stack of the Docker host. Changes nothing. */
export async function lockElsewhere(docker: DockerClient, stack: string): Promise<string | undefined> {
  const own = namesOf(stack).volumes.lock;
  const listed = await docker.run(["volume", "ls", "--quiet", "--filter", `label=${LABELS.lock}.token`]);
  for (const name of listed.split("\n")) {
    if (name === "" || name === own || isGuard(name, own)) continue;
    const held = await labelsOf(docker, name);
    if (held === UNREADABLE || (held !== undefined && !(await isDead(docker, held)))) return name;
  }
  return undefined;
}

async function acquire(
  docker: DockerClient,
  volume: string,
  own: Identity,
): Promise<(Lock & { tookOver: boolean }) | Holder> {
  const mine: Labels = { ...own, token: randomUUID(), operator: userInfo().username, since: new Date().toISOString() };
  let holder: Holder = UNKNOWN;
  let tookOver = false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const known = Object.entries(mine).flatMap(([key, value]) => ["--label", `${LABELS.lock}.${key}=${value}`]);
    await docker.run(["volume", "create", ...known, volume]);
    const found = await labelsOf(docker, volume);
    if (found === UNREADABLE) return UNKNOWN;
    if (found?.token === mine.token) return { release: () => { remove(docker, volume, mine.token); }, tookOver }; // prettier-ignore
    if (found !== undefined) {
      holder = found;
      if (!(await isDead(docker, found))) return holder;
      tookOver = await takeAway(docker, volume, found.token, own);
      if (tookOver) continue;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * Math.random()));
  }
  return holder;
}

/**
 * Removes the lock of a process that is gone. Docker removes a volume by its name only, and another process may take
 * the lock between the look at its labels and the removal. So the removal has a lock of its own (the guard), named
 * after the token that is removed: only one process may remove that token, and a removed token never comes back.
 */
async function takeAway(docker: DockerClient, volume: string, token: string, own: Identity): Promise<boolean> {
  const guard = await acquire(docker, `${volume}-${token.slice(0, 8)}`, own);
  if (!("release" in guard)) return false;
  try {
    const found = await labelsOf(docker, volume);
    if (found !== UNREADABLE && found?.token === token) await docker.run(["volume", "rm", "--force", volume]);
    return true;
  } finally {
    guard.release();
  }
}

/**
 * Removes the guards of processes that were killed during such a removal. They protect nothing now: the lock is ours.
 */
async function removeLeftovers(docker: DockerClient, volume: string): Promise<void> {
  const listed = await docker.run(["volume", "ls", "--quiet", "--filter", `name=${volume}-`]);
  for (const name of listed.split("\n"))
    if (isGuard(name, volume)) await unlessDockerFails(docker.run(["volume", "rm", "--force", name]), undefined);
}

function isGuard(name: string, volume: string): boolean {
  return name.startsWith(volume) && /^-[0-9a-f]{8}(-|$)/.test(name.slice(volume.length));
}

/**
 * Removes the lock as its holder: no other process removes it, because this one lives. After a removal by hand, the
 * lock may have another holder.
 */
function remove(docker: DockerClient, volume: string, token: string): void {
  const current = docker.runNow(["volume", "inspect", "--format", `{{index .Labels "${LABELS.lock}.token"}}`, volume]);
  if (current?.trim() === token) docker.runNow(["volume", "rm", "--force", volume]);
}

/** Keeps the container only where this Docker host runs it: then Docker knows when it has ended. */
async function known(docker: DockerClient, { container, ...own }: Identity): Promise<Identity> {
  const runs =
    container !== undefined && (await unlessDockerFails(startOf(docker, container), undefined)) !== undefined;
  return runs ? { ...own, container } : own;
}

async function isDead(docker: DockerClient, holder: Holder): Promise<boolean> {
  if (isGone(holder)) return true;
  if (holder.container === undefined) return false;
  const started = await unlessDockerFails(startOf(docker, holder.container), holder.since);
  return started === undefined || Date.parse(started) > Date.parse(holder.since);
}

/** Gives the time at which a container was started, ISO 8601; undefined when it does not run. */
async function startOf(docker: DockerClient, id: string): Promise<string | undefined> {
  const found = state.optional().parse(await docker.inspect(id));
  return found?.State.Running === true ? found.State.StartedAt : undefined;
}

const state = z.object({ State: z.object({ Running: z.boolean(), StartedAt: z.string() }) });

const volumeLabels = z.object({ Labels: z.record(z.string(), z.string()).nullish() }).optional();

/** Undefined when there is no such volume. */
async function labelsOf(docker: DockerClient, volume: string): Promise<Labels | typeof UNREADABLE | undefined> {
  const inspected = volumeLabels.parse(await docker.inspect(volume, "volume"));
  if (inspected === undefined) return undefined;
  const own = Object.entries(inspected.Labels ?? {}).filter(([key]) => key.startsWith(`${LABELS.lock}.`));
  const parsed = labels.safeParse(
    Object.fromEntries(own.map(([key, value]) => [key.slice(LABELS.lock.length + 1), value])),
  );
  return parsed.data ?? UNREADABLE;
}

const UNREADABLE = "unreadable";

/** Stands for the holder of a volume that has the lock's name, but not the labels of a lock. */
const UNKNOWN: Holder = { operator: "unknown", machine: "unknown", pid: 0, since: "an unknown time" };
