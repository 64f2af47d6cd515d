import type { DockerClient } from "./client";
import { onDockerError } from "./errors";
import { ISOLATED, isolates } from "./isolation";
import { Refusal } from "../output";

/** The words of Docker's bridge driver, in all versions. */
const NO_RANGE = /could not find an available.*address pool|all predefined address pools have been fully subnetted/i;

/** Creates a network without a way out, before anything is touched, or refuses. */
export async function createIsolatedNetwork(
  docker: DockerClient,
  name: string,
  labels: readonly string[] = [],
): Promise<void> {
  const options = (await isolates(docker)) ? Object.entries(ISOLATED).map((option) => `--opt=${option.join("=")}`) : [];
  const words = ["network", "create", "--internal", ...options, ...labels.map((label) => `--${label}`), name];
  await onDockerError(docker.run(words), (error) => {
    if (!NO_RANGE.test(error.stderr)) throw error;
    throw new Refusal(
      `The Docker host has no address range left for another network (${name}): ${error.stderr.trim()}\n` +
        "Next: remove networks that no container uses (docker network ls, docker network prune), or give Docker more ranges (default-address-pools in its daemon.json), then run the same again.",
    );
  });
}
