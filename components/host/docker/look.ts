import { randomUUID } from "node:crypto";
import type { DockerClient } from "./client";
import { unlessDockerFails } from "./errors";
import { looking } from "./hardening";
import { lookName } from "../../release/names";

/**
 * Runs a command of an image that no operator has approved yet, with a time limit in seconds. A docker client that is
 * ended leaves its container running, so the container has a name, by which it is then removed.
 */
export async function look(docker: DockerClient, command: readonly string[], seconds: number): Promise<string> {
  const name = lookName(randomUUID().slice(0, 8));
  try {
    return await docker.run([...looking(), `--name=${name}`, ...command], "", seconds);
  } catch (error) {
    await unlessDockerFails(docker.run(["rm", "--force", "--volumes", name]), undefined); // already removed
    throw error;
  }
}
