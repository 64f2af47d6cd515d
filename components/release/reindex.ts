import type { OtherImage } from "./facts";
import type { PlanContext } from "./plan-context";

/** Indexes that are rebuilt because text is sorted differently than when they were made. */
export interface Reindex {
  /** How many indexes depend on a collation, and their size; the update rebuilds those that it finds outdated. */
  readonly indexes: number;
  readonly bytes: number;
  readonly why: string;
  /** True where the indexes are outdated already; false where they will be, once postgres runs its new image. */
  readonly now: boolean;
}

/** Undefined when no index has to be rebuilt, as far as is known. */
export function reindexOf({ facts }: PlanContext): Reindex | undefined {
  const collations = facts?.database?.collations;
  if (collations === undefined) return undefined;
  const { indexes, bytes, outdated, recorded, actual } = collations;
  if (outdated) {
    const versions = recorded === actual ? "" : ` (${recorded ?? "unknown"}, now ${actual ?? "unknown"})`;
    return { indexes, bytes, why: `they were sorted by another version of the C library or ICU${versions}`, now: true };
  }
  const other = facts?.otherImages?.find(({ role, moved }) => role === "postgres" && !moved);
  const change = other && libraryChange(other);
  return change === undefined || indexes === 0
    ? undefined
    : { indexes, bytes, why: `the C library changes from ${change}`, now: false };
}

/**
 * Names both C libraries, `glibc 2.36 to glibc 2.41`; undefined where both images have the same, or one does not say.
 */
export function libraryChange({ running, wanted }: OtherImage): string | undefined {
  if (running.library === undefined || wanted.library === undefined || running.library === wanted.library)
    return undefined;
  return `${running.library} to ${wanted.library}`;
}
