import type { DockerClient } from "../../host/docker/client";
import type { RunningContainer } from "../../release/facts";
import { configSetPath } from "../../release/commands";
import type { Parameters } from "../../release/parameters";
import { oneLine } from "../../release/words";
import { complaint } from "../../host/database/database";
import { READ_ONLY } from "../../host/docker/read-only";
import { Refusal, say } from "../../host/output";
import { Throwaway } from "../../host/database/throwaway";

/** The next container of a database. */
interface Next {
  readonly stack: string;
  readonly image: string;
  /** The parameters that the operator has given to the server. */
  readonly parameters?: Parameters | undefined;
  readonly readOnly?: { readonly temporary: Readonly<Record<string, string>>; readonly data: string } | undefined;
}

/**
 * Parameters that an empty cluster cannot try: they name files of the data, run commands that would archive the trial's
 * data, need what the live server occupies, or hide the log that a refusal shows.
 */
const NOT_TRIED =
  /^(?:ssl.*|.*_file|.*_command|archive_.*|huge_pages.*|allow_alter_system|logging_collector|log_destination)$/i;

/**
 * Refuses an image that does not start with a read-only root file system or with the operator's parameters, while the
 * database still serves. Two servers cannot share the data, so the old container is removed before the next one starts.
 * The image is tried on an empty cluster. What already runs is not tried again.
 */
export async function mustStart(
  docker: DockerClient,
  running: RunningContainer,
  { stack, image, parameters = {}, readOnly }: Next,
  signal: AbortSignal,
): Promise<void> {
  const throwaway = new Throwaway(docker, stack, "trial", signal);
  await throwaway.clear();
  const tried = Object.entries(parameters).filter(([name]) => !NOT_TRIED.test(name));
  const sameImage = running.imageId === image;
  const runs =
    sameImage &&
    (readOnly === undefined || running.readOnly === true) &&
    tried.every(([name, value]) => running.parameters?.[name] === value);
  if (runs || (readOnly === undefined && tried.length === 0)) return;
  try {
    await throwaway.database(image, { readOnly, settings: tried.map((setting) => setting.join("=")) });
  } catch (error) {
    const why = complaint(error);
    if (!(error instanceof Refusal)) throw error;
    if (READ_ONLY.test(why))
      throw new Refusal(
        `its image does not start with a read-only file system (${why}). If it must write outside its data: ` +
          configSetPath(stack, "postgres.readOnly", "false"),
      );
    if (tried.length === 0) throw error;
    throw new Refusal(
      `it does not start with ${tried.map(([name]) => name).join(", ")} as in nestfleet:postgres.parameters: ${why}`,
    );
  } finally {
    await throwaway.clear().catch((error: unknown) => {
      say(`the container of the trial could not be removed; the next trial removes it: ${complaint(error)}`);
    });
  }
  const how = [
    ...(readOnly === undefined ? [] : ["a read-only file system"]),
    ...(tried.length === 0 ? [] : [oneLine(tried.map((setting) => setting.join("=")).join(", "))]),
  ];
  say(`the next postgres starts with ${how.join(" and ")}`);
}
