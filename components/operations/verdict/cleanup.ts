import { z } from "zod";
import type { DockerClient } from "../../host/docker/client";
import { DockerError, unlessDockerFails } from "../../host/docker/errors";
import { isReleased, LABELS } from "../../release/names";
import { containersOf } from "../../host/docker/containers";
import type { RunningContainer } from "../../release/facts";
import { lockElsewhere } from "../../host/lock";
import { docker as dockerCommand } from "../../release/commands";
import { type Change, releasesKept } from "../../release/records/retention";
import { complaint, Database, lines } from "../../host/database/database";
import { readHistory } from "../../host/backups/history";
import { pruneReplaced } from "../restore/replaced-databases";
import { removeContainer } from "../../host/docker/removal";
import { say, sleep } from "../../host/output";

/** Before each container: to stop and remove one keeps the engine busy for about a second. */
const PAUSE_MS = 500;

/** The repositories of the images that follow the release: published ones, or those that were built here. */
export const repositories = z.array(z.string());

/** What a release leaves that has taken the place of another one. */
interface Leftovers {
  readonly stack: string;
  readonly postgres: string;
  /** Ids of the containers that the stack consists of now. */
  readonly current: readonly string[];
  readonly repositories: readonly string[];
  /** Days that a database is kept which a restore has replaced. */
  readonly keepReplacedDays: number;
}

/**
 * Removes what nothing needs any more. The update has succeeded, whatever stays behind: gives what does, why, and the
 * command that removes it.
 */
export async function clearAway(docker: DockerClient, asked: Leftovers, history: readonly Change[]): Promise<string[]> {
  const { stack, postgres, current, repositories: images, keepReplacedDays } = asked;
  const command = (words: string) => dockerCommand(docker.host, words);
  return [
    ...(await left(removeOthers(docker, stack, current), async (why) => {
      const names = (await unlessDockerFails(othersOf(docker, stack, current), [])).map(({ name }) => name).join(" ");
      const which = names === "" ? "NAME" : names;
      return `containers from before are left (${which}): ${why}. To remove them: ${command(`rm --force --volumes ${which}`)}`;
    })),
    ...(await left(pruneImages(docker, stack, images, history), (why) => {
      return `images that no rollback needs are left: ${why}. The next change of release removes them; by hand: ${command("image rm NAME")}`;
    })),
    ...(await left(dropReplaced(docker, postgres, keepReplacedDays), (why) => {
      return `databases that a restore replaced more than ${keepReplacedDays} days ago are left: ${why}. The next update drops them.`;
    })),
  ];
}

async function left(work: Promise<void>, words: (why: string) => string | Promise<string>): Promise<string[]> {
  try {
    await work;
    return [];
  } catch (error) {
    return [await words(complaint(error))];
  }
}

async function dropReplaced(docker: DockerClient, postgres: string, days: number): Promise<void> {
  const dropped = await pruneReplaced(new Database(docker, postgres), days);
  if (dropped.length > 0) say(`dropped ${dropped.join(", ")}: replaced more than ${days} days ago`);
}

/**
 * Stops and removes the containers of a release that are not among `current`: those before, which the engine would
 * remove next, and any that a killed run left and no state knows. A container that is gone is no error to the engine.
 * One after the other, with pauses: no request waits for it, and the release that serves wants the processor, too.
 */
export async function removeOthers(docker: DockerClient, stack: string, current: readonly string[]): Promise<void> {
  for (const { id } of await othersOf(docker, stack, current)) {
    await sleep(PAUSE_MS);
    await removeContainer(docker, id);
  }
}

async function othersOf(docker: DockerClient, stack: string, current: readonly string[]): Promise<RunningContainer[]> {
  const containers = await containersOf(docker, stack);
  return containers.filter(({ role, id }) => isReleased(role) && !current.includes(id));
}

/**
 * Removes the images of releases that this stack ran and no rollback needs any more, its own nor one of another stack on
 * the host, which may share the repositories. Docker takes a name away from an image in use where it has another one.
 * What an update of another stack is about to start, only that one knows: while one is under way, all are kept.
 */
export async function pruneImages(
  docker: DockerClient,
  stack: string,
  images: readonly string[],
  history: readonly Change[],
): Promise<void> {
  const elsewhere = await neededElsewhere(docker, stack);
  if (elsewhere === undefined) return;
  const kept = new Set([...releasesKept(history), ...elsewhere]);
  const past = new Set(history.flatMap(({ from, to }) => (from ? [from, to] : [to])));
  const present = new Set(lines(await docker.run(["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"])));
  for (const tag of past) {
    if (kept.has(tag)) continue;
    for (const repository of images) {
      const reference = `${repository}:${tag}`;
      if (!present.has(familiar(reference))) continue;
      const lock = await lockElsewhere(docker, stack);
      if (lock !== undefined) {
        const free = dockerCommand(docker.host, `volume rm ${lock}`);
        say(
          `images that no rollback needs are kept: ${lock} says that another stack is updated; if nobody does: ${free}`,
        );
        return;
      }
      await pruneImage(docker, reference);
    }
  }
}

/** Releases that the other stacks on the host run, or may go back to; undefined where one of them cannot be asked. */
async function neededElsewhere(docker: DockerClient, stack: string): Promise<string[] | undefined> {
  const format = [LABELS.stack, LABELS.role, LABELS.version].map((label) => `{{.Label "${label}"}}`).join("\t");
  const filter = ["--filter", `label=${LABELS.stack}`];
  const listed = await docker.run(["ps", "--all", ...filter, "--format", `${format}\t{{.Names}}\t{{.State}}`]);
  const needed: string[] = [];
  for (const [of, role = "", version = "", name = "", state] of lines(listed).map((line) => line.split("\t"))) {
    if (of === stack) continue;
    if (isReleased(role)) needed.push(version);
    if (role !== "postgres") continue;
    if (state !== "running") return undefined;
    needed.push(...releasesKept(await readHistory(new Database(docker, name))));
  }
  return needed;
}

/** As `docker image ls` prints it: without the names of the registry that is meant when none is named. */
function familiar(reference: string): string {
  return reference.replace(/^(index\.)?docker\.io\/(library\/)?/, "");
}

async function pruneImage(docker: DockerClient, reference: string): Promise<void> {
  try {
    await docker.run(["image", "rm", reference]);
    say(`image ${reference} is removed: no rollback needs it`);
  } catch (error) {
    if (!(error instanceof DockerError)) throw error; // gone already, or in use
  }
}
