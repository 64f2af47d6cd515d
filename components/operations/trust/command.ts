import type { z } from "zod";
import { DockerClient } from "../../host/docker/client";
import { misused, parse, PLACE, place } from "../../host/command-line";
import { Database } from "../../host/database/database";
import { interruptible } from "../../host/interruption";
import { signTrusted } from "./signatures";
import { findStack } from "../../host/stack";
import type { Request, request } from "./request";

/**
 * Signs a backup of another stack, or of a stack whose state is lost, as this stack's own, because its operator says
 * so.
 */
export async function trust({ dockerHost, stack, backup }: Request): Promise<string> {
  const docker = new DockerClient(dockerHost);
  const { postgres } = await findStack(docker, stack);
  await interruptible((signal) => signTrusted(new Database(docker, postgres), backup, signal));
  return JSON.stringify({ backup });
}

export async function typed(words: readonly string[]): Promise<z.input<typeof request>> {
  const usage = "scripts/backup.sh [--stack NAME] [--docker-host HOST] --trust BACKUP-ID";
  const { values, positionals } = parse(words, { ...PLACE, trust: { type: "string" } }, usage);
  const { trust: backup = "" } = values;
  if (backup === "" || positionals.length > 0) throw misused("One backup at a time", usage);
  return { ...(await place(values)), backup };
}
