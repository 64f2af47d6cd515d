import { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { containersOf } from "../components/host/containers";
import { takeBackup } from "./lib/backup";
import { interruptible } from "./lib/interruption";
import { pause, resume } from "./lib/paused";
import { run, say } from "./lib/run";

const input = z.object({
  dockerHost: z.string(),
  stack: z.string(),
  postgres: z.string(),
  caddy: z.string(),
  /** Tag of the release that serves. */
  version: z.string(),
  keep: z.number(),
  acceptSmaller: z.boolean(),
  /** `stop` where the two releases cannot run side by side. */
  action: z.enum(["stop", "leave"]),
});

/** The services that write to the database. */
const WRITERS = ["api", "worker"];

/**
 * Stops what writes to the database, when the new release cannot run beside the old one, and backs up once more: what
 * was written since the first backup is in the second. From here until the cutover Caddy holds the requests, and shows
 * a page that refreshes itself when that takes too long.
 */
void run(input, async ({ dockerHost, stack, postgres, caddy, version, keep, acceptSmaller, action }) => {
  if (action === "leave") return undefined;
  const docker = new DockerClient(dockerHost);
  const running = (await containersOf(docker, stack)).filter((container) => container.running);
  const writers = running.filter(({ role }) => WRITERS.includes(role)).map(({ name }) => name);
  if (writers.length === 0) return undefined;
  await pause(docker, caddy, writers);
  say(`stopped ${writers.join(", ")}: the releases cannot run side by side`);
  try {
    const images = Object.fromEntries(running.map(({ role, imageId }) => [role, imageId]));
    const request = { postgres, version, images, keep, acceptSmaller, readBack: true };
    const manifest = await interruptible((signal) => takeBackup(docker, request, signal));
    return JSON.stringify({ backup: manifest?.id ?? null });
  } catch (error) {
    const resumed = await resume(docker, caddy);
    say(`started again: ${resumed.join(", ")}`);
    throw error;
  }
});
