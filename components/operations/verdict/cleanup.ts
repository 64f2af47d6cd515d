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

/** Pause before each container: to stop and remove one keeps Docker busy for about a second. */
const PAUSE_MS = 200;

/** The repositories of the release's images: published images, or images that were built on the Docker host. */
export const repositories = z.array(z.string());

/** What a successful update may remove. */
interface Leftovers {
  readonly stack: string;
  readonly postgres: string;
  /** Ids of the containers that the stack consists of now. */
  readonly current: readonly string[];
  readonly repositories: readonly string[];
  /** Days for which a previous database, which a restore has replaced, is kept. */
  readonly keepReplacedDays: number;
}

/**
 * Removes old containers, images and previous databases. The update has succeeded even if one of them cannot be
 * removed: gives a warning for each, with the reason and the command that removes it.
 */
export async function clearAway(docker: DockerClient, asked: Leftovers, history: readonly Change[]): Promise<string[]> {
  const { stack, postgres, current, repositories: images, keepReplacedDays } = asked;
  const command = (words: string) => dockerCommand(docker.host, words);
  return [
    ...(await left(removeOthers(docker, stack, current), async (why) => {
      const names = (await unlessDockerFails(othersOf(docker, stack, current), [])).map(({ name }) => name).join(" ");
      const which = names === "" ? "NAME" : names;
      return `previous containers are left (${which}): ${why}. To remove them: ${command(`rm --force --volumes ${which}`)}`;
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
 * Stops and removes the containers of api, console and worker that are not among `current`: those of the old release,
 * which Pulumi would remove next, and orphaned ones of a killed run. Pulumi accepts a container that is gone already.
 * They are removed one after the other, with pauses: no request waits for it, and the running release needs the
 * processor, too.
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
 * Removes the images of releases that this stack ran, if no rollback needs them: a rollback of this stack, or of
 * another stack on the Docker host, which may use the same repositories. Docker removes one name of an image in use if
 * the image has another name. Only an update itself knows which images it will start: while another stack is updated,
 * all are kept.
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
          `images that no rollback needs are kept: the lock ${lock} shows that another stack is updated; if no update runs: ${free}`,
        );
        return;
      }
      await pruneImage(docker, reference);
    }
  }
}

/** The releases that other stacks on the host run or may go back to; undefined if the database of one does not run. */
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

/** Writes a reference as `docker image ls` prints it: without the name of the default registry. */
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
