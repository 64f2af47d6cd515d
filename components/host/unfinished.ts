import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { DockerClient } from "../docker/client";
import { RESTORE_STATE } from "../release/backup-id";
import { PAUSED } from "../services/upstream";
import { answerOr } from "./answer";

/** True when an update was killed that had stopped the release which served, or had begun to restore a backup. */
export async function isUnfinished(docker: DockerClient, name: string): Promise<boolean> {
  const exists = (container: string, file: string) =>
    answerOr(docker.run(["exec", container, "test", "-f", file]).then(() => true), false); // prettier-ignore
  // Without the database nothing can be taken back; the update makes it first.
  if (!(await exists(`${name}-postgres`, "/etc/passwd"))) return false;
  return (await exists(`${name}-postgres`, RESTORE_STATE)) || (await exists(`${name}-caddy`, PAUSED));
}

/**
 * Takes it back, or finishes it where the new data serve already, by the script that does the same by hand. What it
 * says is for the operator; a failure of its is one of the update.
 */
export async function recover(docker: DockerClient, stack: string, target: string): Promise<string> {
  const work = promisify(execFile)("node", ["scripts/run.mjs", "restore"]);
  work.child.stdin?.end(
    JSON.stringify({ dockerHost: docker.host, stack, action: "recover", target, partOfUpdate: true }),
  );
  return (await work).stderr.trim();
}
