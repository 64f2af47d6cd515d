import type { DockerClient } from "../../host/docker/client";
import { containersOf } from "../../host/docker/containers";
import { removeContainer } from "../../host/docker/removal";
import type { RunningContainer } from "../../release/facts";
import type { Operation, StackState } from "../../host/stack-state";

type Orphan = Pick<RunningContainer, "id" | "name" | "role">;

/** Names of the container resources that were being created. */
export function interrupted(pending: readonly Operation[]): string[] {
  return pending
    .filter(({ type, resource }) => type === "creating" && resource.type === "docker:index/container:Container")
    .flatMap(({ resource }) => resource.urn.split("::").at(-1) ?? []);
}

/**
 * The containers that Docker made for them and the state never heard of: named like the resource, with or without the
 * suffix of the engine. A rehearsal is a script's own, which takes it away itself.
 */
export function orphansOf(
  containers: readonly Orphan[],
  names: readonly string[],
  known: ReadonlySet<string | undefined>,
): Orphan[] {
  return containers.filter(
    ({ id, name, role }) =>
      role !== "rehearsal" &&
      !known.has(id) &&
      names.some((resource) => name === resource || name.startsWith(`${resource}-`)),
  );
}

/** What a killed run has made on the host, and no state knows. */
export async function findOrphans(docker: DockerClient, stack: string, state: StackState): Promise<Orphan[]> {
  const names = interrupted(state.pending);
  return names.length === 0 ? [] : orphansOf(await containersOf(docker, stack), names, state.ids);
}

/**
 * Stops and removes them, with their anonymous volumes. Only for who holds the lock of the stack: what this state does
 * not know may belong to an update with another one. Gives the names.
 */
export async function removeOrphans(docker: DockerClient, orphans: readonly Orphan[]): Promise<string[]> {
  for (const { id } of orphans) await removeContainer(docker, id);
  return orphans.map(({ name }) => name);
}
