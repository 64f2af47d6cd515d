import type { DockerClient } from "./docker/client";
import { nameOf } from "../release/names";
import { busy, takeLock } from "./lock";
import { Refusal } from "./output";

/** By hand or from cron: not while an update, or another script, is at work on the stack. */
export async function alone<T>(docker: DockerClient, stack: string, work: () => Promise<T>): Promise<T> {
  const name = nameOf(stack);
  const lock = await takeLock(docker, name);
  if (!("release" in lock)) throw new Refusal(busy(lock, name, docker.host));
  try {
    return await work();
  } finally {
    lock.release();
  }
}
