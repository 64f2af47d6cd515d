import { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { interruptible } from "./lib/interruption";
import { rehearse } from "./lib/rehearsal";
import { change, recorded } from "./lib/record";
import { run } from "./lib/run";

const input = z.object({
  dockerHost: z.string(),
  stack: z.string(),
  /** The database's container. */
  postgres: z.string(),
  /** The new release's api image: reference or id. */
  image: z.string(),
  migrateCommand: z.array(z.string()).min(1),
  mode: z.enum(["full", "restore", "off"]),
  /** Id, or `newest`; null when the backup found nothing to back up. */
  backup: z.string().nullable(),
  /** Of the application, without DATABASE_URL: only what it cannot start without. */
  environment: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string()),
  /** Of the database's role: the migrations come over the network, as the application does. */
  password: z.string(),
  /** Of the network and the container that are made for the occasion; `nestfleet-STACK` when not given. */
  prefix: z.string().optional(),
  /** What the update is to change; its refusal is written into the history then. */
  release: change.optional(),
});

/** Restores a backup into a scratch database, runs the new release's migrations there, and gives the times as JSON. */
void run(input, async ({ dockerHost, migrateCommand: command, prefix, release, ...asked }) => {
  const name = `${prefix ?? `nestfleet-${asked.stack}`}-rehearsal`;
  const docker = new DockerClient(dockerHost);
  const { stack, postgres } = asked;
  const step = release && { ...release, stack, postgres, started: Date.now() };
  const rehearsed = await interruptible((signal) =>
    recorded(docker, step, signal, () => rehearse(docker, { ...asked, command, name }, signal)),
  );
  return JSON.stringify(rehearsed);
});
