import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { containersOf } from "../components/host/containers";
import { busy, type Lock, takeLock } from "../components/host/lock";
import { hasEngine } from "../components/host/abandonment";
import { commandLine, isAlive, processes } from "../components/host/process";
import { interrupted, operation, orphansOf } from "./lib/orphans";
import { removeContainer } from "./lib/removal";
import { Refusal, run, say, sleep } from "./lib/run";

const input = z.object({
  /** The Pulumi CLI. */
  cli: z.string(),
  /** The folder `.pulumi` of the file backend. */
  backend: z.string(),
  project: z.string(),
  stack: z.string(),
});
type Input = z.infer<typeof input>;

const lock = z.object({ pid: z.number(), username: z.string(), hostname: z.string(), timestamp: z.string() });
const state = z.object({
  checkpoint: z.object({
    latest: z
      .object({
        resources: z.array(z.object({ id: z.string().optional() })).nullish(),
        pending_operations: z.array(operation).nullish(),
      })
      .nullish(),
  }),
});
type Latest = NonNullable<z.infer<typeof state>["checkpoint"]["latest"]>;

/**
 * Clears up what a killed run left, before the next one: the file backend's lock, which stays for ever; the operations
 * that it was in the middle of, which the engine otherwise warns about for ever; and the container that Docker made and
 * the state never heard of, which would keep its name, its volume and its place in the queue.
 */
void run(input, async (asked) => {
  await freeLock(asked);
  const latest = await read(asked);
  const pending = latest?.pending_operations ?? [];
  if (pending.length === 0) return undefined;
  say("A run of pulumi was killed: clearing what it left …");
  const names = interrupted(pending);
  if (names.length > 0) await removeOrphans(asked, names, new Set(latest?.resources?.map(({ id }) => id)));
  await pulumi(asked, "refresh", "--yes", "--skip-preview", "--clear-pending-creates");
  return undefined;
});

async function freeLock(asked: Input): Promise<void> {
  const folder = join(asked.backend, "locks/organization", asked.project, asked.stack);
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith(".json")); // others describe these
  for (const file of files) {
    const {
      pid,
      username,
      hostname: machine,
      timestamp,
    } = lock.parse(JSON.parse(await readFile(join(folder, file), "utf8")));
    if (machine !== hostname() || isAlive(pid)) {
      const free = `scripts/pulumi cancel --stack ${asked.stack}`;
      throw new Refusal(
        `Stack ${asked.stack} is being worked on by ${username}@${machine} (pid ${pid}) since ${timestamp}.\n` +
          `Wait until that is done. If it is dead: ${free}`,
      );
    }
    say(`The lock of ${username}@${machine} (pid ${pid}, since ${timestamp}) is freed: that process is gone.`);
  }
  if (files.length > 0) await pulumi(asked, "cancel", "--yes");
  endPrograms(asked);
}

/**
 * A program that was still loading when its engine was killed goes on for ever: the SDK reports that it cannot report.
 * One with an engine above it is somebody's who is at work.
 */
function endPrograms({ project, stack }: Input): void {
  for (const pid of processes()) {
    const words = commandLine(pid);
    const named = (option: string) => words[words.indexOf(option) + 1];
    if (!words.some((word) => word.includes("@pulumi/pulumi/cmd/run")) || hasEngine(pid)) continue;
    if (named("--project") !== project || named("--stack") !== stack) continue;
    process.kill(pid, "SIGKILL");
    say(`The program of a killed run (pid ${pid}) is ended.`);
  }
}

async function read({ backend, project, stack }: Input): Promise<Latest | undefined> {
  const text = await readFile(join(backend, "stacks", project, `${stack}.json`), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (state.parse(JSON.parse(text)).checkpoint.latest ?? undefined);
}

/** Under the host's lock: a container that the state does not know may belong to whoever is at work with another state. */
async function removeOrphans(asked: Input, names: string[], known: ReadonlySet<string | undefined>): Promise<void> {
  const docker = new DockerClient(await dockerHost(asked));
  const lock = await lockOf(docker, `nestfleet-${asked.stack}`);
  try {
    for (const { id, name } of orphansOf(await containersOf(docker, asked.stack), names, known)) {
      await removeContainer(docker, id);
      say(`Container ${name}, which no state knows, is removed.`);
    }
  } finally {
    lock.release();
  }
}

/** The killed engine's program lives a moment longer than it, and its lock as long. */
const PATIENCE_MS = 10_000;

async function lockOf(docker: DockerClient, name: string): Promise<Lock> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const lock = await takeLock(docker, name);
    if ("release" in lock) return lock;
    if (Date.now() > deadline) throw new Refusal(busy(lock, name, docker.host));
    await sleep(500);
  }
}

async function dockerHost(asked: Input): Promise<string> {
  const config = JSON.parse(await pulumi(asked, "config", "--json")) as Record<string, { value?: string }>;
  return config["nestfleet:dockerHost"]?.value ?? "unix:///var/run/docker.sock";
}

async function pulumi({ cli, stack }: Input, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(cli, ["--non-interactive", ...args, "--stack", stack]);
  return stdout;
}
