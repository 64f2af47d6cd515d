import { DockerClient } from "../../host/docker/client";
import { interruptible } from "../../host/interruption";
import { rehearse } from "./rehearsal";
import { recorded } from "../history/record";
import type { Request } from "./request";

/** Restores a backup on a temporary server, runs the new release's migrations there, and gives the times as JSON. */
export async function runRehearsal({
  dockerHost,
  migrateCommand: command,
  release,
  ...asked
}: Request): Promise<string | undefined> {
  const docker = new DockerClient(dockerHost);
  const { stack, postgres } = asked;
  const step = release && { ...release, stack, postgres, started: Date.now() };
  const rehearsed = await interruptible((signal) =>
    recorded(docker, { step, signal }, () => rehearse(docker, { ...asked, command, release }, signal)),
  );
  return JSON.stringify(rehearsed);
}
