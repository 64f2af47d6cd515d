import type { DockerClient } from "./client";
import { onDockerError } from "./errors";
import { PROCESSES } from "./hardening";
import { complaint, lines } from "../database/database";

/**
 * Limits the processes of a container, as long as there is that container; nothing else of it changes. The provider has
 * no word for this limit and does not read it back, so that no preview sees it. Undefined when the limit holds, else why
 * it does not: a kernel without that control, or an engine that may not use it, is no reason to refuse a release.
 */
export async function limitProcesses(docker: DockerClient, container: string): Promise<string | undefined> {
  const limited = docker.run(["update", `--pids-limit=${PROCESSES}`, container]).then((told) => {
    const warnings = lines(told).filter((line) => line !== container);
    return warnings.length === 0 ? undefined : warnings.join(" ");
  });
  return onDockerError(limited, complaint);
}
