import { DockerClient } from "../components/docker/client";
import { interruptible } from "./lib/interruption";
import { rehearse } from "./lib/rehearsal";
import { recorded } from "./lib/record";
import { run } from "./lib/run";
import { request } from "./requests/rehearse";

/** Restores a backup on a server of its own, runs the new release's migrations there, and gives the times as JSON. */
void run(request, async ({ dockerHost, migrateCommand: command, release, ...asked }) => {
  const docker = new DockerClient(dockerHost);
  const { stack, postgres } = asked;
  const step = release && { ...release, stack, postgres, started: Date.now() };
  const rehearsed = await interruptible((signal) =>
    recorded(docker, step, signal, () => rehearse(docker, { ...asked, command }, signal)),
  );
  return JSON.stringify(rehearsed);
});
