import type { DockerClient } from "../../host/docker/client";
import { containersOf, isUp, versionOf } from "../../host/docker/containers";
import { UPSTREAMS } from "../../release/names";
import { UNROUTED } from "../../host/routing/files";
import { differ, type Routes, Routing } from "../../host/routing/routing";
import { restartPrevious } from "../../host/routing/writers";
import { type RetryLimits, persistently } from "../../host/undoing";

/** A change of release that is not to be. */
interface Refused {
  readonly stack: string;
  /** The proxy's container. */
  readonly caddy: string;
  readonly before: Routes;
  readonly after: Routes;
  /** False leaves the new containers running: the update was stopped, and nothing was found against them. */
  readonly stop: boolean;
}

/**
 * Routes the requests back to the containers that received them before the cutover, or leaves them there, and starts
 * again what was stopped for it. The refused containers, also workers, stop once no request is routed to them. Gives
 * what was done, for the report. Every step may have been done already, and Docker may fail in the middle: it is done
 * again until it is done.
 */
export async function goBack(docker: DockerClient, refused: Refused, patience?: RetryLimits): Promise<string[]> {
  const routing = Routing.of(docker, refused.caddy);
  const restarted = new Set<string>();
  let switched: boolean | undefined;
  return persistently(async () => {
    await routing.clearCandidates();
    switched ??= (await routing.state()).previous !== undefined;
    await restart(docker, routing, refused.stack, restarted);
    return [...(await send(docker, routing, refused, switched)), ...told(restarted)];
  }, patience);
}

/** Does the same before a cutover: no request has gone anywhere else, but what served may be stopped for it. */
export async function goOn(
  docker: DockerClient,
  { stack, caddy }: Pick<Refused, "stack" | "caddy">,
  patience?: RetryLimits,
): Promise<string[]> {
  const restarted = new Set<string>();
  await persistently(() => restart(docker, Routing.of(docker, caddy), stack, restarted), patience);
  return told(restarted);
}

async function restart(docker: DockerClient, routing: Routing, stack: string, restarted: Set<string>): Promise<void> {
  for (const name of await restartPrevious(docker, routing, stack)) restarted.add(name);
}

function told(restarted: ReadonlySet<string>): string[] {
  return restarted.size === 0 ? [] : [`${[...restarted].join(", ")} started again, on the database as it is now.`];
}

async function send(docker: DockerClient, routing: Routing, refused: Refused, switched: boolean): Promise<string[]> {
  const { stack, before, after } = refused;
  if (!differ(before, after)) return ["The requests went to the same containers before; nothing was changed."];
  const first = before.api === UNROUTED && before.console === UNROUTED;
  const backs =
    first || ((await comesBack(docker, stack, before.api)) && (await comesBack(docker, stack, before.console)));
  if (!backs && switched) return ["No container from before is left: the requests go on to the new ones."];
  if (backs) await routing.routeBack(before);
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
