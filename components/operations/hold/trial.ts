import type { DockerClient } from "../../host/docker/client";
import type { RunningContainer } from "../../release/facts";
import { configSetPath } from "../../release/commands";
import { complaint } from "../../host/database/database";
import { READ_ONLY } from "../../host/docker/read-only";
import { Refusal, say } from "../../host/output";
import { Throwaway } from "../../host/database/throwaway";

/** The next container of a database. */
interface Next {
  readonly stack: string;
  readonly image: string;
  readonly readOnly?: { readonly temporary: Readonly<Record<string, string>>; readonly data: string } | undefined;
}

/**
 * Refuses an image that does not start with a read-only root file system, while the database still serves. Two servers
 * cannot share the data, so the old container is removed before the next one starts. The image is tried on an empty
 * cluster; an image that already runs with such a file system is not tried again.
 */
export async function mustStartReadOnly(
  docker: DockerClient,
  running: RunningContainer,
  { stack, image, readOnly }: Next,
  signal: AbortSignal,
): Promise<void> {
  const throwaway = new Throwaway(docker, stack, "trial", signal);
  await throwaway.clear();
  if (readOnly === undefined || (running.imageId === image && running.readOnly === true)) return;
  try {
    await throwaway.database(image, { readOnly });
  } catch (error) {
    const why = complaint(error);
    if (!(error instanceof Refusal) || !READ_ONLY.test(why)) throw error;
    throw new Refusal(
      `its image does not start with a read-only file system (${why}). If it must write outside its data: ` +
        configSetPath(stack, "postgres.readOnly", "false"),
    );
  } finally {
    await throwaway.clear().catch((error: unknown) => {
      say(`the container of the trial could not be removed; the next trial removes it: ${complaint(error)}`);
    });
  }
  say("the next postgres starts with a read-only file system");
}
