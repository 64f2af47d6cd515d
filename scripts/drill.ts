import { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { drill } from "./lib/drill";
import { interruptible } from "./lib/interruption";
import { run } from "./lib/run";

const input = z.object({
  dockerHost: z.string(),
  stack: z.string().optional(),
  backup: z.string().optional(),
});

/** Restores a backup where it can do no harm. One line of JSON whatever comes of it, and the exit code says the same. */
void run(input, async ({ dockerHost, ...asked }) => {
  const docker = new DockerClient(dockerHost);
  const drilled = await interruptible((signal) => drill(docker, asked, signal));
  if (!drilled.ok) process.exitCode = 1;
  return JSON.stringify(drilled);
});
