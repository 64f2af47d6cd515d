import type { DockerClient } from "../docker/client";
import { DockerError } from "../docker/errors";
import { looking } from "../docker/hardening";
import { BACKUPS_PATH } from "../../release/records/backup-id";
import type { RunningContainer } from "../../release/facts";
import { mountsOf } from "../docker/mounts";

/** How the directory is tested, and in which image. */
interface Asking {
  /** The database's container, where there is one: the operator already runs its image. */
  readonly postgres: Pick<RunningContainer, "name" | "imageId"> | undefined;
  /** The image that the config names. */
  readonly image: string;
  /** True where writing is tested, too. A preview does not write. */
  readonly writes: boolean;
}

/**
 * Says why backups cannot be in a directory of the Docker host; undefined when they can, or this is not known. A
 * container tests it, because the host may be another machine, as root with the capability that postgres will write
 * there with. A directory that postgres already mounts is not tested.
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
