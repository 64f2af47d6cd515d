import { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { containersOf, isUp } from "../components/host/containers";
import { takeBackup } from "./lib/backup";
import { interruptible } from "./lib/interruption";
import { hurry, stopWriters, takeBack, WRITERS } from "./lib/paused";
import { restore } from "./lib/restore";
import { run, say } from "./lib/run";
import { findStack } from "./lib/stack";

const input = z.object({
  dockerHost: z.string(),
  stack: z.string(),
  postgres: z.string(),
  caddy: z.string(),
  /** Tag of the release that serves, and of the one that is to. */
  version: z.string(),
  target: z.string(),
  keep: z.number(),
  acceptSmaller: z.boolean(),
  /**
   * `stop` where the two releases cannot run side by side, `hurry` where the old one may fail on the new schema,
   * `restore` where the data of the target are to come back with it.
   */
  action: z.enum(["stop", "hurry", "restore", "leave"]),
  /** Of a restore. */
  restore: z.string().optional(),
  confirmation: z.string().optional(),
  images: z.record(z.string(), z.string()).optional(),
  timeoutSeconds: z.number(),
});
type Input = z.infer<typeof input>;

/**
 * What happens to the writers before the new release starts. Mostly nothing: the two serve side by side. Where they
 * cannot, the writers stop and are backed up once more: what was written since the first backup is in the second; from
 * there until the cutover Caddy holds the requests, and shows a page that refreshes itself when that takes too long.
 * And where the release is to have its data back, this is where they are brought back.
 */
void run(input, async (asked) => {
  const docker = new DockerClient(asked.dockerHost);
  await hurry(docker, asked.caddy, asked.action === "hurry");
  if (asked.action === "stop") return stop(docker, asked);
  if (asked.action === "restore") return bringBack(docker, asked);
  return undefined;
});

async function stop(docker: DockerClient, asked: Input): Promise<string | undefined> {
  const { stack, caddy, postgres, version, keep, acceptSmaller } = asked;
  const writers = (await containersOf(docker, stack)).filter(
    (container) => isUp(container) && WRITERS.includes(container.role) && container.version !== asked.target,
  );
  if (writers.length === 0) return undefined;
  const { images } = await findStack(docker, stack);
  const request = { postgres, version, images, keep, acceptSmaller, readBack: true };
  try {
    const manifest = await interruptible(async (signal) => {
      await stopWriters(docker, caddy, writers);
      return takeBackup(docker, request, signal);
    });
    return JSON.stringify({ backup: manifest?.id ?? null });
  } catch (error) {
    say(`started again: ${(await takeBack(docker, caddy, stack)).join(", ")}`);
    throw error;
  }
}

async function bringBack(docker: DockerClient, { restore: backup, target: to, ...asked }: Input): Promise<string> {
  if (backup === undefined) throw new Error("a restore names its backup");
  const restored = await interruptible((signal) => restore(docker, { ...asked, backup, to }, signal));
  return JSON.stringify(restored);
}
