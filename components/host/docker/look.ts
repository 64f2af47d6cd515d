import { randomUUID } from "node:crypto";
import type { DockerClient } from "./client";
import { unlessDockerFails } from "./errors";
import { looking } from "./hardening";
import { lookName } from "../../release/names";

/**
 * Runs a command of an image that no operator has agreed to yet, for so many seconds at most. A docker client that is ended
 * leaves its container at work: then that is removed, by the name that it was given for this.
 */
export async function look(docker: DockerClient, command: readonly string[], seconds: number): Promise<string> {
  const name = lookName(randomUUID().slice(0, 8));
  try {
    return await docker.run([...looking(), `--name=${name}`, ...command], "", seconds);
  } catch (error) {
    await unlessDockerFails(docker.run(["rm", "--force", "--volumes", name]), undefined); // gone, as it should be
    throw error;
  }
}
