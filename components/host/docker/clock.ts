import type { DockerClient } from "./client";
import { unlessDockerFails } from "./errors";

const PATIENCE_SECONDS = 20;

/** By client: what the Docker host's clock is ahead of this machine's, in milliseconds. */
const ahead = new WeakMap<DockerClient, Promise<number | undefined>>();

/**
 * Milliseconds since 1970 on the Docker host, whose clock may differ from this machine's; undefined when it does not
 * tell. It is asked once: the clocks do not drift apart while an update runs.
 */
export async function hostTime(docker: DockerClient): Promise<number | undefined> {
  let known = ahead.get(docker);
  if (known === undefined) ahead.set(docker, (known = unlessDockerFails(difference(docker), undefined)));
  const milliseconds = await known;
  return milliseconds === undefined ? undefined : Date.now() + milliseconds;
}

/** The answer is as old as half of the time that it took. */
async function difference(docker: DockerClient): Promise<number | undefined> {
  const asked = Date.now();
  const answer = await docker.run(["info", "--format", "{{.SystemTime}}"], "", PATIENCE_SECONDS);
  const told = Date.parse(answer.trim()); // with the end of the line it is no date
  return Number.isNaN(told) ? undefined : told - (asked + Date.now()) / 2;
}
