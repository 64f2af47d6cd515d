import { z } from "zod";
import type { RunningContainer } from "../../components/host/facts";

/** Of the engine's `pending_operations`: what it was in the middle of when it was killed. */
export const operation = z.object({ type: z.string(), resource: z.object({ urn: z.string(), type: z.string() }) });

type Orphan = Pick<RunningContainer, "id" | "name" | "role">;

/** Names of the container resources that were being created. */
export function interrupted(pending: readonly z.infer<typeof operation>[]): string[] {
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
