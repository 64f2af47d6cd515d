import { DockerClient } from "../components/docker/client";
import { nameOf } from "../components/docker/labels";
import { interruptible } from "./lib/interruption";
import { rehearse } from "./lib/rehearsal";
import { recorded } from "./lib/record";
import { run } from "./lib/run";
import { request } from "./requests/rehearse";

/** Restores a backup into a scratch database, runs the new release's migrations there, and gives the times as JSON. */
void run(request, async ({ dockerHost, migrateCommand: command, prefix, release, ...asked }) => {
  const name = `${prefix ?? nameOf(asked.stack)}-rehearsal`;
  const docker = new DockerClient(dockerHost);
  const { stack, postgres } = asked;
  const step = release && { ...release, stack, postgres, started: Date.now() };
  const rehearsed = await interruptible((signal) =>
    recorded(docker, step, signal, () => rehearse(docker, { ...asked, command, name }, signal)),
  );
  return JSON.stringify(rehearsed);
});
