import { upRefresh } from "../commands";
import { losesLz4 } from "./compression";
import { missingExtension } from "../records/compatibility";
import { libraryChange } from "../reindex";
import type { PlanContext } from "../plan-context";
import { shortId } from "../units";

/**
 * Warns where the tag of postgres or caddy names another image than the running one. Pulumi's state has the image that
 * the container was made from, so only an update with `--refresh` changes to the other image.
 */
export function imageMoved({ facts, stack }: PlanContext): string[] {
  const others = (facts?.otherImages ?? []).filter(({ moved }) => moved);
  return others.map((other) => {
    const { role, reference, running, wanted } = other;
    const made = wanted.created === undefined ? "" : `, made ${wanted.created.slice(0, 10)}`;
    const change = libraryChange(other);
    const sorted =
      change === undefined ? "" : `; its C library is another one (${change}), so indexes on text are rebuilt`;
    const lost = wanted.extensions && missingExtension(facts?.database?.installed ?? {}, wanted.extensions);
    const missing = lost === undefined || role !== "postgres" ? "" : `; the database has ${lost}`;
    const unreadable = losesLz4(other)
      ? "; it cannot read values that are compressed with lz4, which the database may contain"
      : "";
    return `${role} runs ${shortId(running.id)}; its tag ${reference} names ${shortId(wanted.id)} now${made}: ${upRefresh(stack)} restarts ${role} on it${sorted}${missing}${unreadable}`;
  });
}
