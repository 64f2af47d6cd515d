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
 * Refuses an image that does not start with a read-only root file system, while the database still serves: two cannot
 * share its data, so the container before is gone when the next one starts. It is tried on an empty cluster, and not again
 * for an image that runs like that already.
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
      `its image does not start with a read-only file system (${why}). Where it must write beside its data: ` +
        configSetPath(stack, "postgres.readOnly", "false"),
    );
  } finally {
    await throwaway.clear().catch((error: unknown) => {
      say(`what the trial has left is removed by the next one: ${complaint(error)}`);
    });
  }
  say("the next postgres starts with a read-only file system");
}
