import { type DockerClient, DockerError } from "./client";
import { PROCESSES } from "./hardening";
import { complaint, lines } from "../database/database";

/**
 * Limits the processes of a container, as long as there is that container; nothing else of it changes. The provider has
 * no word for this limit and does not read it back, so that no preview sees it. Undefined when the limit holds, else why
 * it does not: a kernel without that control, or an engine that may not use it, is no reason to refuse a release.
 */
export async function limitProcesses(docker: DockerClient, container: string): Promise<string | undefined> {
  try {
    const told = lines(await docker.run(["update", `--pids-limit=${PROCESSES}`, container]));
    const warnings = told.filter((line) => line !== container);
    return warnings.length === 0 ? undefined : warnings.join(" ");
  } catch (error) {
    if (error instanceof DockerError) return complaint(error);
    throw error;
  }
}
