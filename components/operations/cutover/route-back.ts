import type { DockerClient } from "../../host/docker/client";
import { containersOf, isUp, versionOf } from "../../host/docker/containers";
import { UPSTREAMS } from "../../release/names";
import { UNROUTED } from "../../host/routing/files";
import { differ, type Routes, Routing } from "../../host/routing/routing";
import { restartPrevious } from "../../host/routing/writers";
import { type RetryLimits, persistently } from "../../host/undoing";

/** A change of release that was refused. */
interface Refused {
  readonly stack: string;
  /** The proxy's container. */
  readonly caddy: string;
  readonly before: Routes;
  readonly after: Routes;
  /** False keeps the new containers running: the update was stopped by a signal, and they have not failed. */
  readonly stop: boolean;
}

/**
 * Starts the containers again that the update has stopped, and routes the requests back to the containers that received
 * them before the cutover. Then stops the refused containers, also workers, because no request is routed to them any more.
 * Gives what was done, for the report. Each step may have been done already, and Docker may fail in the middle: all steps
 * are repeated until they succeed.
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

/** Does the same before a cutover: requests still go to the old release, but the update may have stopped its containers. */
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
  if (!differ(before, after)) return ["Requests go to the same containers as before; nothing was changed."];
  const first = before.api === UNROUTED && before.console === UNROUTED;
  const backs =
    first || ((await comesBack(docker, stack, before.api)) && (await comesBack(docker, stack, before.console)));
  if (!backs && switched) return ["The previous containers no longer exist, so requests still go to the new ones."];
  if (backs) await routing.routeBack(before);
  return [where(refused, switched, first, backs), ...(await stopRefused(docker, refused))];
}

function where({ before }: Refused, switched: boolean, first: boolean, backs: boolean): string {
  if (first) return "Nothing served before: no container receives requests until an update succeeds.";
  if (!backs)
    return "The previous containers no longer exist: no container receives requests until an update succeeds.";
  const names = `${before.api} and ${before.console}`;
  return switched ? `The requests go to ${names} again.` : `The requests always went to ${names}.`;
}

/** Stops the containers of the refused release, also its workers: it must not take more jobs. */
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
  return names.length > 0 ? [`The refused release was stopped: ${names.join(", ")}.`] : [];
}

/** True when the previous container runs, or could be started again: an update that stops it first does not remove it. */
async function comesBack(docker: DockerClient, stack: string, name: string): Promise<boolean> {
  const container = (await containersOf(docker, stack)).find((one) => one.name === name);
  if (container === undefined) return false;
  if (!isUp(container)) await docker.run(["start", container.id]);
  return true;
}
