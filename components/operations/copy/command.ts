import { resolve } from "node:path";
import type { z } from "zod";
import { DockerClient } from "../../host/docker/client";
import { misused, parse, PLACE, place } from "../../host/command-line";
import { copyIn } from "./copy-in";
import { copyOut } from "./copy-out";
import { Database } from "../../host/database/database";
import { interruptible } from "../../host/interruption";
import { findStack } from "../../host/stack";
import type { Request, request } from "./request";

const USAGE = [
  "scripts/backup.sh [--stack NAME] [--docker-host HOST] --copy-to DIRECTORY [BACKUP-ID]",
  "scripts/backup.sh [--stack NAME] [--docker-host HOST] --copy-from DIRECTORY BACKUP-ID [--trust]",
];

/** Copies a backup away from the Docker host, or back: whole, or not at all. Gives `{"backup": ID, "bytes": …}`. */
export async function copy({
  dockerHost,
  stack: asked,
  direction,
  directory,
  backup,
  trusted,
}: Request): Promise<string> {
  const docker = new DockerClient(dockerHost);
  const { stack, postgres } = await findStack(docker, asked);
  const database = new Database(docker, postgres);
  const { id, bytes } = await interruptible((signal) =>
    direction === "out"
      ? copyOut(database, directory, backup, signal)
      : copyIn(database, stack, { directory, id: backup ?? "", trusted }, signal),
  );
  return JSON.stringify({ backup: id, bytes });
}

export async function typed(words: readonly string[]): Promise<z.input<typeof request>> {
  const text = { type: "string" } as const;
  const options = { ...PLACE, "copy-to": text, "copy-from": text, trust: { type: "boolean" } } as const;
  const { values, positionals } = parse(words, options, ...USAGE);
  const { "copy-to": to, "copy-from": from } = values;
  const directory = to ?? from ?? "";
  if (directory === "" || (to !== undefined && from !== undefined))
    throw misused("Name one directory, either with --copy-to or with --copy-from", ...USAGE);
  const [backup, ...more] = positionals;
  if (more.length > 0 || backup === "") throw misused("One backup at a time", ...USAGE);
  if (from !== undefined && backup === undefined) throw misused("Which backup? Name its id", ...USAGE);
  if (to !== undefined && values.trust) throw misused("--trust goes with --copy-from only", ...USAGE);
  const direction = to === undefined ? "in" : "out";
  const trusted = values.trust === true;
  return { ...(await place(values)), direction, directory: resolve(directory), backup, trusted };
}
