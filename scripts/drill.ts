import type { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { misused, parse, PLACE, place } from "./lib/command-line";
import { drill } from "./lib/drill";
import { interruptible } from "./lib/interruption";
import { run } from "./lib/run";
import { request } from "./requests/drill";

/** Restores a backup where it can do no harm. One line of JSON whatever comes of it, and the exit code says the same. */
void run(
  request,
  async ({ dockerHost, ...asked }) => {
    const docker = new DockerClient(dockerHost);
    const drilled = await interruptible((signal) => drill(docker, asked, signal));
    if (!drilled.ok) process.exitCode = 1;
    return JSON.stringify(drilled);
  },
  { typed, refused: (why) => JSON.stringify({ ok: false, backup: null, error: why.split("\n", 1)[0] }) },
);

async function typed(words: readonly string[]): Promise<z.input<typeof request>> {
  const usage = "scripts/drill.sh [--stack NAME] [--docker-host HOST] [BACKUP-ID]";
  const { values, positionals } = parse(words, PLACE, usage);
  const [backup, ...more] = positionals;
  if (backup === "" || more.length > 0) throw misused("One backup at a time", usage);
  return { ...(await place(values)), backup };
}
