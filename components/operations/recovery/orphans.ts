import type { DockerClient } from "../../host/docker/client";
import { containersOf } from "../../host/docker/containers";
import { removeContainer } from "../../host/docker/removal";
import type { RunningContainer } from "../../release/facts";
import type { Operation, StackState } from "../../host/stack-state";

type Orphan = Pick<RunningContainer, "id" | "name" | "role">;

/** Gives the names of the container resources whose creation was interrupted. */
export function interrupted(pending: readonly Operation[]): string[] {
  return pending
    .filter(({ type, resource }) => type === "creating" && resource.type === "docker:index/container:Container")
    .flatMap(({ resource }) => resource.urn.split("::").at(-1) ?? []);
}

/**
 * Selects the containers that Docker made for these resources and that the state does not contain. Their name is that of
 * the resource, with or without Pulumi's suffix. Containers of a rehearsal do not count: its script removes them itself.
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

/** Finds the orphaned containers: a killed run made them, and the state does not contain them. */
export async function findOrphans(docker: DockerClient, stack: string, state: StackState): Promise<Orphan[]> {
  const names = interrupted(state.pending);
  return names.length === 0 ? [] : orphansOf(await containersOf(docker, stack), names, state.ids);
}

/**
 * Stops and removes orphaned containers, with their anonymous volumes. The caller must hold the stack's lock: a container
 * that this state does not contain may belong to an update with another state. Gives the names.
 */
export async function removeOrphans(docker: DockerClient, orphans: readonly Orphan[]): Promise<string[]> {
  for (const { id } of orphans) await removeContainer(docker, id);
  return orphans.map(({ name }) => name);
}
