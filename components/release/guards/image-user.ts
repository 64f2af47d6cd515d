import { RELEASED } from "../names";
import type { PlanContext } from "../plan-context";

const ROOT = /^(?:root|0*)(?::.*)?$/;

/** Warns of released images that run as root. Those of postgres and caddy are known to start as root. */
export function imagesOfRoot({ facts }: PlanContext): string[] {
  return RELEASED.flatMap((role) => {
    const user = facts?.images?.[role]?.user;
    return user !== undefined && ROOT.test(user)
      ? [`the image of ${role} runs as root in its container: give it a USER where it is built`]
      : [];
  });
}
