import { hashIn } from "./records/image-identity";
import { imageReferences } from "./images";
import { isReleased, type Role, ROLES } from "./names";
import type { PlanContext } from "./plan-context";

/** The image that a name of the config means on the host; services that share the name share the entry. */
export interface PlannedImage {
  readonly roles: readonly Role[];
  readonly reference: string;
  /** The hash by which the image can be pinned; undefined while the image is not on the host. */
  readonly hash?: string | undefined;
  readonly pinned: boolean;
}

/** Gives the planned images; none where the release stays, or the host was not looked at. */
export function plannedImages({ facts, settings, stack, step }: PlanContext): PlannedImage[] {
  const { images } = facts ?? {};
  if (images === undefined || step === "restart" || step === "restore") return [];
  const references = imageReferences(settings, stack);
  return [...new Set(ROLES.map((role) => references[role]))].map((reference) => {
    const roles = ROLES.filter((role) => references[role] === reference);
    const image = roles.map((role) => images[role]).find((one) => one !== undefined);
    const pinned = roles.some((role) => isReleased(role) && settings.images.digests[role] !== undefined);
    return { roles, reference, hash: image && hashIn(reference, image), pinned };
  });
}
