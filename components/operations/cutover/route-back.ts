import type { DockerClient } from "../../host/docker/client";
import { containersOf, isUp } from "../../host/docker/containers";
import { NOBODY } from "../../host/routing/files";
import { versionOf } from "../../host/docker/inspection";
import { hurry, takeBack } from "../../host/routing/writers";
import { differ, forgetBefore, type Pointers, readBefore, withdraw, writePointers } from "../../host/routing/pointers";
import { type Patience, persistently } from "../../host/undoing";

/** A change of release that is not to be. */
export interface Refused {
  readonly stack: string;
  /** The proxy's container. */
  readonly caddy: string;
  readonly before: Pointers;
  readonly after: Pointers;
  /** False leaves the new containers running: the update was stopped, and nothing was found against them. */
  readonly stop: boolean;
}

const UPSTREAMS = ["api", "console"] as const;

/**
 * Sends the requests back to who took them before the cutover, or leaves them there, and starts again what was stopped
 * for it. The refused containers, also workers, stop once nobody is sent there. Gives what was done, for the report.
 * Every step may have been done already, and Docker may fail in the middle: it is done again until it is done.
 */
export async function goBack(docker: DockerClient, refused: Refused, patience?: Patience): Promise<string[]> {
  const resumed = new Set<string>();
  let switched: boolean | undefined;
  return persistently(async () => {
    await withdraw(docker, refused.caddy);
    switched ??= (await readBefore(docker, refused.caddy)) !== undefined;
    await resume(docker, refused, resumed);
    return [...(await send(docker, refused, switched)), ...told(resumed)];
  }, patience);
}

/** The same before a cutover: nobody has been sent anywhere, but what served may stand still for it. */
export async function goOn(
  docker: DockerClient,
  refused: Pick<Refused, "stack" | "caddy">,
  patience?: Patience,
): Promise<string[]> {
  const resumed = new Set<string>();
  await persistently(() => resume(docker, refused, resumed), patience);
  return told(resumed);
}

/** No later update hurries for the sake of a release that is refused. */
async function resume(
  docker: DockerClient,
  { stack, caddy }: Pick<Refused, "stack" | "caddy">,
  resumed: Set<string>,
): Promise<void> {
  for (const name of await takeBack(docker, caddy, stack)) resumed.add(name);
  await hurry(docker, caddy, false);
}

function told(resumed: ReadonlySet<string>): string[] {
  return resumed.size === 0 ? [] : [`${[...resumed].join(", ")} started again, on the database as it is now.`];
}

async function send(docker: DockerClient, refused: Refused, switched: boolean): Promise<string[]> {
  const { stack, caddy, before, after } = refused;
  if (!differ(before, after)) return ["The requests went to the same containers before; nothing was changed."];
  const first = before.api === NOBODY && before.console === NOBODY;
  const backs =
    first || ((await comesBack(docker, stack, before.api)) && (await comesBack(docker, stack, before.console)));
  if (!backs && switched) return ["No container from before is left: the requests go on to the new ones."];
  if (backs) {
    await writePointers(docker, caddy, before);
    await forgetBefore(docker, caddy);
  }
  return [where(refused, switched, first, backs), ...(await stopRefused(docker, refused))];
}

function where({ before }: Refused, switched: boolean, first: boolean, backs: boolean): string {
  if (first) return "Nothing served before: the requests go to nobody until an update succeeds.";
  if (!backs) return "No container from before is left: the requests go to nobody until an update succeeds.";
  return `The requests ${switched ? "go" : "went"} to ${before.api} and ${before.console} ${switched ? "again" : "all along"}.`;
}

/** Workers, too: a release that is refused takes no more jobs. */
async function stopRefused(docker: DockerClient, { stack, before, after, stop }: Refused): Promise<string[]> {
  if (!stop) return [];
  const [from, to] = await Promise.all([versionOf(docker, before.api), versionOf(docker, after.api)]);
  const replaced = UPSTREAMS.filter((upstream) => before[upstream] !== after[upstream]).map(
    (upstream) => after[upstream],
  );
  const names = (await containersOf(docker, stack))
    .filter((container) => {
      const { name, role, version } = container;
      return replaced.includes(name) || (role === "worker" && version === to && to !== from && isUp(container));
    })
    .map(({ name }) => name);
  if (names.length > 0) await docker.run(["stop", ...names]);
  return names.length > 0 ? [`${names.join(", ")} stopped.`] : [];
}

/** The one before runs, or could be started again: an update that stops the old release first leaves it there. */
async function comesBack(docker: DockerClient, stack: string, name: string): Promise<boolean> {
  const container = (await containersOf(docker, stack)).find((one) => one.name === name);
  if (container === undefined) return false;
  if (!isUp(container)) await docker.run(["start", container.id]);
  return true;
}
