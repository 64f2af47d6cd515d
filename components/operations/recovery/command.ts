import { execFile } from "node:child_process";
import { readlinkSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { processOf } from "../../host/identity";
import { hasEngine } from "../../host/watchdog";
import { busy, type Lock, takeLock } from "../../host/lock";
import { findOrphans, removeOrphans } from "./orphans";
import { commandLine, isAlive, processes, statusOf } from "../../host/process";
import { readStackState, spelled, type StackState } from "../../host/stack-state";
import { DockerClient } from "../../host/docker/client";
import { LOCAL_DOCKER, pulumi as command, up } from "../../release/commands";
import { parseJson } from "../../release/records/json";
import { complaint } from "../../host/database/database";
import { PROJECT } from "../../host/project";
import { Refusal, say, sleep } from "../../host/output";
import type { Request } from "./request";
import { unlessDockerFails } from "../../host/docker/errors";

const lock = z.object({ pid: z.number(), username: z.string(), hostname: z.string(), timestamp: z.string() });
type StateLock = z.infer<typeof lock>;

/**
 * Clears what a killed run left, before an update: the lock of a file backend, which would stay for ever; the pending
 * operations, about which Pulumi would warn for ever; and orphaned containers, which would keep their name and volume, and
 * work jobs. A preview changes nothing, and says what an update will clear.
 */
export async function recover(asked: Request): Promise<string | undefined> {
  const locks = await locksOf(asked);
  if (asked.clears) await freeLocks(asked, locks);
  else for (const held of locks) tell(asked, held);
  const state = await readStackState(asked.cli, asked.stack, PROJECT);
  if (state === undefined || state.pending.length === 0) return undefined;
  if (asked.clears) await clear(asked, state);
  else if (locks.every(isDead)) await look(asked, state);
  return undefined;
}

/** Reads the locks of the state; only a file backend has them as files. */
async function locksOf({ backend, project, stack }: Request): Promise<StateLock[]> {
  if (backend === undefined) return [];
  const folder = join(backend, "locks/organization", project, stack);
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith(".json")); // the other files describe these
  const read = files.map(async (file) => lock.safeParse(parseJson(await readFile(join(folder, file), "utf8"))).data);
  return (await Promise.all(read)).filter((held) => held !== undefined);
}

/** True when no `pulumi` runs under the lock's process id, which may belong to another program by now. */
function isDead({ pid, hostname: machine }: StateLock): boolean {
  return machine === hostname() && (!isAlive(pid) || statusOf(pid)?.command.startsWith("pulumi") === false);
}

const held = ({ pid, username, hostname: machine }: StateLock) => processOf(username, machine, pid);

async function freeLocks(asked: Request, locks: readonly StateLock[]): Promise<void> {
  for (const one of locks) {
    if (!isDead(one))
      throw new Refusal(
        `The state of the stack ${asked.stack} is locked by ${held(one)} since ${one.timestamp}.\n` +
          `Wait until that run ends. If that process no longer exists, remove the lock: ${command(`cancel --stack ${asked.stack}`)}`,
      );
    say(`The lock of ${held(one)}, since ${one.timestamp}, is removed: that process no longer exists.`);
  }
  if (locks.length > 0) await pulumi(asked, "cancel", "--yes");
  endPrograms(asked);
}

function tell({ stack }: Request, one: StateLock): void {
  say(
    isDead(one)
      ? `A killed run of ${held(one)} has left its lock, since ${one.timestamp}: \`${up(stack)}\` removes it.`
      : `${held(one)} works on stack ${stack} since ${one.timestamp}: this preview shows what that run has done so far.`,
  );
}

/** Gives the working directory of a process; undefined for a process of another user, or one that has just ended. */
function folderOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/**
 * Ends programs that a killed Pulumi left. One that was still loading then runs for ever, because the SDK keeps reporting
 * that it cannot report. A program whose parent is a running Pulumi is at work; one of another checkout belongs to another
 * stack.
 */
function endPrograms({ project, stack }: Request): void {
  for (const pid of processes()) {
    const words = commandLine(pid);
    const named = (option: string) => words[words.indexOf(option) + 1];
    if (!words.some((word) => word.includes("@pulumi/pulumi/cmd/run")) || hasEngine(pid)) continue;
    if (named("--project") !== project || named("--stack") !== stack || folderOf(pid) !== PROJECT) continue;
    process.kill(pid, "SIGKILL");
    say(`The program of a killed run (pid ${pid}) is ended.`);
  }
}

async function clear(asked: Request, state: StackState): Promise<void> {
  say(`A run of pulumi was killed (${spelled(state.pending)}): clearing what it left …`);
  const docker = new DockerClient(await dockerHost(asked));
  const held = await lockOf(docker, asked.stack);
  try {
    for (const name of await removeOrphans(docker, await findOrphans(docker, asked.stack, state)))
      say(`The orphaned container ${name}, which the state does not contain, is removed.`);
  } finally {
    held.release();
  }
  await pulumi(asked, "refresh", "--yes", "--skip-preview", "--clear-pending-creates");
}

/** Says what an update will clear, and changes nothing. If the Docker host does not answer, the preview itself says so. */
async function look(asked: Request, state: StackState): Promise<void> {
  say(`A run of pulumi was killed (${spelled(state.pending)}): \`${up(asked.stack)}\` clears what it left.`);
  const docker = new DockerClient(await dockerHost(asked));
  const orphans = await unlessDockerFails(findOrphans(docker, asked.stack, state), []);
  for (const { name } of orphans)
    say(`It also removes the orphaned container ${name}, which the state does not contain.`);
}

/** The program of a killed Pulumi lives a moment longer than Pulumi, and holds the stack's lock until then. */
const PATIENCE_MS = 10_000;

async function lockOf(docker: DockerClient, stack: string): Promise<Lock> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const lock = await takeLock(docker, stack);
    if ("release" in lock) return lock;
    if (Date.now() > deadline) throw new Refusal(busy(lock, stack, docker.host));
    await sleep(500);
  }
}

const config = z.record(z.string(), z.object({ value: z.string().optional() }));

async function dockerHost(asked: Request): Promise<string> {
  const values = config.parse(parseJson(await pulumi(asked, "config", "--json")));
  return values["nestfleet:dockerHost"]?.value ?? LOCAL_DOCKER;
}

async function pulumi({ cli, stack }: Request, ...args: string[]): Promise<string> {
  const words = ["--non-interactive", ...args, "--stack", stack];
  const { stdout } = await promisify(execFile)(cli, words, { cwd: PROJECT }).catch((error: unknown) => {
    const { stderr = "", stdout: told = "" } = error as { stderr?: string; stdout?: string };
    throw new Refusal(
      `What a killed run has left could not be cleared: pulumi ${args.join(" ")} failed:\n${stderr.trim() || told.trim() || complaint(error)}\n` +
        `Next: ${command(`${args.filter((word) => word !== "--yes" && word !== "--skip-preview").join(" ")} --stack ${stack}`)}`,
    );
  });
  return stdout;
}
