import { z } from "zod";
import { type DockerClient, DockerError } from "../../components/docker/client";
import { containersOf } from "../../components/host/containers";
import { RELEASED } from "../../components/release/restarts";
import { type Change, releasesKept } from "../../components/release/retention";
import { removeContainer } from "./removal";
import { say, sleep } from "./run";

/** Before each container: to stop and remove one keeps the engine busy for about a second. */
const PAUSE_MS = 1500;

/** The repositories of the images that follow the release: published ones, or those that were built here. */
export const repositories = z.array(z.string());

/**
 * Stops and removes the containers of a release that are not among `current`: those before, which the engine would
 * remove next, and any that a killed run left and no state knows. A container that is gone is no error to the engine.
 * One after the other, with pauses: nobody waits for it, and the release that serves wants the processor, too.
 */
export async function removeOthers(docker: DockerClient, stack: string, current: readonly string[]): Promise<void> {
  const containers = await containersOf(docker, stack);
  const others = containers.filter(({ role, id }) => RELEASED.includes(role) && !current.includes(id));
  for (const { id } of others) {
    await sleep(PAUSE_MS);
    await removeContainer(docker, id);
  }
}

/**
 * Removes the images of releases that this stack ran and no rollback needs any more. Only tags of its own history:
 * another stack on the host may share the repositories. An image that is in use stays.
 */
export async function pruneImages(
  docker: DockerClient,
  images: readonly string[],
  history: readonly Change[],
): Promise<void> {
  const kept = new Set(releasesKept(history));
  const past = new Set(history.flatMap(({ from, to }) => (from ? [from, to] : [to])));
  for (const tag of past) {
    if (kept.has(tag)) continue;
    for (const repository of images) await pruneImage(docker, `${repository}:${tag}`);
  }
}

async function pruneImage(docker: DockerClient, reference: string): Promise<void> {
  try {
    await docker.run(["image", "rm", reference]);
    say(`image ${reference} is removed: no rollback needs it`);
  } catch (error) {
    if (!(error instanceof DockerError)) throw error; // gone already, or in use
  }
}
