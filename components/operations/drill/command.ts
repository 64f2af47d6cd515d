import type { z } from "zod";
import { DockerClient } from "../../host/docker/client";
import { misused, parse, PLACE, place } from "../../host/command-line";
import { drill } from "./drill";
import { interruptible } from "../../host/interruption";
import type { Request, request } from "./request";

/** Restores a backup on a temporary server. Gives one line of JSON in any case; the exit code agrees with its `ok`. */
export async function runDrill({ dockerHost, ...asked }: Request): Promise<string> {
  const docker = new DockerClient(dockerHost);
  const drilled = await interruptible((signal) => drill(docker, asked, signal));
  if (!drilled.ok) process.exitCode = 1;
  return JSON.stringify(drilled);
}

/** Gives the line of JSON for a restore drill that could not be run. */
export function refused(why: string): string {
  return JSON.stringify({ ok: false, backup: null, error: why.split("\n", 1)[0] });
}

export async function typed(words: readonly string[]): Promise<z.input<typeof request>> {
  const usage = "scripts/drill.sh [--stack NAME] [--docker-host HOST] [BACKUP-ID]";
  const { values, positionals } = parse(words, PLACE, usage);
  const [backup, ...more] = positionals;
  if (backup === "" || more.length > 0) throw misused("One backup at a time", usage);
  return { ...(await place(values)), backup };
}
