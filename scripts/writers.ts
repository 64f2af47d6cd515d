import { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { containersOf } from "../components/host/containers";
import { takeBackup } from "./lib/backup";
import { interruptible } from "./lib/interruption";
import { pause, takeBack, WRITERS } from "./lib/paused";
import { run, say } from "./lib/run";

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
  /** `stop` where the two releases cannot run side by side. */
  action: z.enum(["stop", "leave"]),
});

/**
 * Stops what writes to the database, when the new release cannot run beside the old one, and backs up once more: what
 * was written since the first backup is in the second. From here until the cutover Caddy holds the requests, and shows
 * a page that refreshes itself when that takes too long.
 */
void run(input, async ({ dockerHost, stack, postgres, caddy, version, target, keep, acceptSmaller, action }) => {
  if (action === "leave") return undefined;
  const docker = new DockerClient(dockerHost);
  const running = (await containersOf(docker, stack)).filter((container) => container.running);
  const writers = running.filter((container) => WRITERS.includes(container.role) && container.version !== target);
  const names = writers.map(({ name }) => name);
  if (names.length === 0) return undefined;
  const images = Object.fromEntries(running.map(({ role, imageId }) => [role, imageId]));
  const request = { postgres, version, images, keep, acceptSmaller, readBack: true };
  try {
    const manifest = await interruptible(async (signal) => {
      await pause(docker, caddy, names);
      say(`stopped ${names.join(", ")}: the releases cannot run side by side`);
      return takeBackup(docker, request, signal);
    });
    return JSON.stringify({ backup: manifest?.id ?? null });
  } catch (error) {
    say(`started again: ${(await takeBack(docker, caddy, stack)).join(", ")}`);
    throw error;
  }
});
