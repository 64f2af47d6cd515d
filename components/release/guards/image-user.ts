import { RELEASED } from "../names";
import type { PlanContext } from "../plan-context";

const ROOT = /^(?:root|0*)(?::.*)?$/;

/** The published images have users of their own; those of postgres and caddy begin as root, and that is known. */
export function imagesOfRoot({ facts }: PlanContext): string[] {
  return RELEASED.flatMap((role) => {
    const user = facts?.images?.[role]?.user;
    return user !== undefined && ROOT.test(user)
      ? [`the image of ${role} runs as root in its container: give it a USER where it is built`]
      : [];
  });
}
