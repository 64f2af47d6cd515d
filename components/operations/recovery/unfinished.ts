import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type DockerClient, DockerError } from "../../host/docker/client";
import { RESTORE_STATE } from "../../release/records/backup-id";
import { BEFORE, NOBODY, PAUSED, pointer } from "../../host/routing/files";
import { childEnvironment } from "../../host/child-environment";

/** Docker's words for a container that nothing can be asked in. */
const NOT_UP = /no such container|is not running|is restarting|is paused|in a stopped container/i;

/** A restore has begun. */
const RESTORING = `[ -f ${RESTORE_STATE} ]`;
/** Who served was stopped, or requests are held though nobody was: while postgres was replaced. */
const HELD = `[ -f ${PAUSED} ] || { [ -f ${BEFORE} ] && [ "$(cat ${pointer("api")})" = ${NOBODY} ]; }`;

/**
 * True when an update was killed that had stopped the release which served, had begun to restore a backup, or held the
 * requests while postgres was replaced.
 */
export async function isUnfinished(docker: DockerClient, name: string): Promise<boolean> {
  // Without the database nothing can be taken back; the update makes it first.
  if (!(await succeeds(docker, `${name}-postgres`, "true"))) return false;
  return (await succeeds(docker, `${name}-postgres`, RESTORING)) || (await succeeds(docker, `${name}-caddy`, HELD));
}

/** False also in a container that does not run. Any other failure is none of the test's: it is not taken for "no". */
async function succeeds(docker: DockerClient, container: string, test: string): Promise<boolean> {
  try {
    await docker.run(["exec", container, "sh", "-c", test]);
    return true;
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    const answeredNo = error.exitCode === 1 && error.stderr.trim() === "";
    if (answeredNo || NOT_UP.test(error.stderr)) return false;
    throw error;
  }
}

/**
 * Takes it back, or finishes it where the new data serve already, by the script that does the same by hand. What it
 * says is for the operator; a failure of its is one of the update.
 */
export async function recover(docker: DockerClient, stack: string, target: string): Promise<string> {
  const work = promisify(execFile)("node", ["scripts/run.mjs", "restore"], { env: childEnvironment() });
  work.child.stdin?.end(
    JSON.stringify({ dockerHost: docker.host, stack, action: "recover", target, partOfUpdate: true }),
  );
  return (await work).stderr.trim();
}
