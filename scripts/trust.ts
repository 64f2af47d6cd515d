import type { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { misused, parse, PLACE, place } from "./lib/command-line";
import { Database } from "./lib/database";
import { interruptible } from "./lib/interruption";
import { run } from "./lib/run";
import { signTrusted } from "./lib/signatures";
import { findStack } from "./lib/stack";
import { request } from "./requests/trust";

/** A backup of another stack, or of one whose state is lost, becomes this one's by the word of its operator. */
void run(
  request,
  async ({ dockerHost, stack, backup }) => {
    const docker = new DockerClient(dockerHost);
    const { postgres } = await findStack(docker, stack);
    await interruptible((signal) => signTrusted(new Database(docker, postgres), backup, signal));
    return JSON.stringify({ backup });
  },
  { typed },
);

async function typed(words: readonly string[]): Promise<z.input<typeof request>> {
  const usage = "scripts/backup.sh [--stack NAME] [--docker-host HOST] --trust BACKUP-ID";
  const { values, positionals } = parse(words, { ...PLACE, trust: { type: "string" } }, usage);
  const { trust: backup = "" } = values;
  if (backup === "" || positionals.length > 0) throw misused("One backup at a time", usage);
  return { ...(await place(values)), backup };
}
