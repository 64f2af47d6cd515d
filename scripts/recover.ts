import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { LABEL } from "../components/docker/labels";
import { Refusal, run, say } from "./lib/run";

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
        resources: z.array(z.object({ type: z.string(), id: z.string().optional() })).nullish(),
        pending_operations: z.array(z.unknown()).nullish(),
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
  if ((latest?.pending_operations ?? []).length === 0) return undefined;
  say("A run of pulumi was killed: clearing what it left …");
  await removeOrphans(asked, latest?.resources ?? []);
  await pulumi(asked, "refresh", "--yes", "--skip-preview", "--clear-pending-creates");
  return undefined;
});

async function freeLock(asked: Input): Promise<void> {
  const folder = join(asked.backend, "locks/organization", asked.project, asked.stack);
  const files = await readdir(folder).catch(() => []);
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
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

async function read({ backend, project, stack }: Input): Promise<Latest | undefined> {
  const text = await readFile(join(backend, "stacks", project, `${stack}.json`), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (state.parse(JSON.parse(text)).checkpoint.latest ?? undefined);
}

async function removeOrphans(asked: Input, resources: NonNullable<Latest["resources"]>): Promise<void> {
  const known = new Set(
    resources.filter(({ type }) => type === "docker:index/container:Container").map(({ id }) => id),
  );
  const docker = new DockerClient(await dockerHost(asked));
  const filter = `label=${LABEL}.stack=${asked.stack}`;
  const ids = (await docker.run(["ps", "--all", "--quiet", "--no-trunc", "--filter", filter]))
    .trim()
    .split("\n")
    .filter(Boolean);
  for (const orphan of ids.filter((id) => !known.has(id))) {
    await docker.run(["stop", orphan]);
    await docker.run(["rm", orphan]);
    say(`Container ${orphan.slice(0, 12)}, which no state knows, is removed.`);
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
