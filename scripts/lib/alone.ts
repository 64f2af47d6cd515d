import type { DockerClient } from "../../components/docker/client";
import { nameOf } from "../../components/docker/labels";
import { busy, takeLock } from "../../components/host/lock";
import { Refusal } from "./run";

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
