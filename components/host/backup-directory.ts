import { type DockerClient, DockerError } from "../docker/client";
import { BACKUPS_PATH } from "../release/backup-id";
import { mountsOf } from "./mounts";

/**
 * Why backups cannot be written to a directory of the Docker host; undefined when they can, or nobody can tell. Docker
 * itself is asked, because the host may be another machine, and with the image that will write there. A directory that
 * postgres already mounts has proved itself.
 */
export async function backupDirectoryFault(
  docker: DockerClient,
  directory: string,
  postgres: string | undefined,
  image: string,
): Promise<string | undefined> {
  const mounts = postgres === undefined ? [] : await mountsOf(docker, postgres);
  if (mounts.some(({ Source, Destination }) => Source === directory && Destination === BACKUPS_PATH)) return undefined;
  if ((await docker.inspect(image, "image")) === undefined) return undefined; // that the image is missing is told
  const mount = `type=bind,"source=${directory.replaceAll('"', '""')}",target=${BACKUPS_PATH}`;
  const isolated = ["run", "--rm", "--network", "none", "--mount", mount, "--entrypoint", "test", image];
  try {
    await docker.run([...isolated, "-w", BACKUPS_PATH]);
    return undefined;
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    if (error.exitCode === 1) return "it cannot be written to";
    return error.stderr.includes("does not exist") ? "it does not exist" : undefined;
  }
}
