import type { DockerClient } from "./client";
import { onDockerError } from "./errors";
import { PROCESSES } from "./hardening";
import { complaint, lines } from "../database/database";

/**
 * Limits the processes of a container for as long as it exists, and changes nothing else. The provider has no input for
 * this limit and does not read it, so a preview does not show it. Gives undefined when the limit is set, else the
 * reason: a release is not refused because the kernel lacks this control, or Docker may not use it.
 */
export async function limitProcesses(docker: DockerClient, container: string): Promise<string | undefined> {
  const limited = docker.run(["update", `--pids-limit=${PROCESSES}`, container]).then((told) => {
    const warnings = lines(told).filter((line) => line !== container);
    return warnings.length === 0 ? undefined : warnings.join(" ");
  });
  return onDockerError(limited, complaint);
}
