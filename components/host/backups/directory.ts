import type { DockerClient } from "../docker/client";
import { DockerError } from "../docker/errors";
import { looking } from "../docker/hardening";
import { BACKUPS_PATH } from "../../release/records/backup-id";
import type { RunningContainer } from "../../release/facts";
import { mountsOf } from "../docker/mounts";

/** How the directory is tried, and in which image. */
interface Asking {
  /** The database's container, where there is one: its image is one that the operator runs already. */
  readonly postgres: Pick<RunningContainer, "name" | "imageId"> | undefined;
  /** The one that the config names. */
  readonly image: string;
  /** Whether writing is tried, too: a preview does not write. */
  readonly writes: boolean;
}

/**
 * Why backups cannot lie in a directory of the Docker host; undefined when they can, or it is not known. Docker itself is
 * asked, because the host may be another machine, as root with what postgres may do besides, who will write there. A
 * directory that postgres already mounts has proved itself.
 */
export async function backupDirectoryFault(
  docker: DockerClient,
  directory: string,
  { postgres, image, writes }: Asking,
): Promise<string | undefined> {
  const mounts = postgres === undefined ? [] : await mountsOf(docker, postgres.name);
  if (mounts.some(({ Source, Destination }) => Source === directory && Destination === BACKUPS_PATH)) return undefined;
  if (postgres === undefined && (await docker.inspect(image, "image")) === undefined) return undefined; // a missing image has its own guard
  const options = writes ? "" : ",readonly";
  const mount = `type=bind,"source=${directory.replaceAll('"', '""')}",target=${BACKUPS_PATH}${options}`;
  const asked = ["--user=0:0", "--mount", mount, "--entrypoint=test", postgres?.imageId ?? image];
  try {
    await docker.run([...looking(["DAC_OVERRIDE"]), ...asked, writes ? "-w" : "-d", BACKUPS_PATH]);
    return undefined;
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    if (error.exitCode === 1) return "it cannot be written to";
    return error.stderr.includes("does not exist") ? "it does not exist" : undefined;
  }
}
