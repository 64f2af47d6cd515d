import type { DockerClient } from "./client";
import { unlessDockerFails } from "./errors";

const PATIENCE_SECONDS = 20;

/** For each client: by how many milliseconds the clock of the Docker host is ahead of the clock of this machine. */
const ahead = new WeakMap<DockerClient, Promise<number | undefined>>();

/**
 * Gives the time on the Docker host, whose clock may differ from this machine's, in milliseconds since 1970; undefined
 * when Docker does not say. It is read once: the clocks do not drift apart during an update.
 */
export async function hostTime(docker: DockerClient): Promise<number | undefined> {
  let known = ahead.get(docker);
  if (known === undefined) ahead.set(docker, (known = unlessDockerFails(difference(docker), undefined)));
  const milliseconds = await known;
  return milliseconds === undefined ? undefined : Date.now() + milliseconds;
}

/** Assumes that the answer is as old as half of the time that the command took. */
async function difference(docker: DockerClient): Promise<number | undefined> {
  const asked = Date.now();
  const answer = await docker.run(["info", "--format", "{{.SystemTime}}"], "", PATIENCE_SECONDS);
  const told = Date.parse(answer.trim()); // with the end of the line it would not be a valid date
  return Number.isNaN(told) ? undefined : told - (asked + Date.now()) / 2;
}
