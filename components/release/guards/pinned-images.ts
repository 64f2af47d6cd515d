import type { HostFacts } from "../facts";
import { configSetPath, docker, keepVersion } from "../commands";
import { hashIn, isPinned } from "../records/image-identity";
import { imageReferences } from "../images";
import type { GuardProblem } from "./problem";
import { RELEASED, type ReleasedRole } from "../names";
import type { PlanContext } from "../plan-context";
import { shortId } from "../units";

/** Refuses where a tag of the release names another image on the host than the config has pinned. */
export function otherThanPinned(context: PlanContext): GuardProblem[] {
  return RELEASED.flatMap((role) => otherThan(context.settings.images.digests[role], role, context) ?? []);
}

function otherThan(
  pinned: string | undefined,
  role: ReleasedRole,
  { facts, settings, stack, to }: PlanContext,
): GuardProblem | undefined {
  const now = facts?.images?.[role];
  if (facts === undefined || now === undefined || pinned === undefined || isPinned(pinned, now)) return undefined;
  const { [role]: reference } = imageReferences(settings, stack);
  const present = hashIn(reference, now);
  const before = runsAs({ pinned, role, tag: to.tag }, facts);
  const known = `${settings.images[role] ?? settings.images.api}@${pinned}`;
  const pin = configSetPath(stack, `images.digests.${role}`, present);
  return {
    title: `${reference} is not the image that is pinned for ${role}`,
    why: `its tag names ${shortId(present)} now; nestfleet:images.digests.${role} is ${shortId(pinned)}${before === undefined ? "" : `, the image of the running ${before}`}`,
    // To give the image of one release the tag of another release would not help.
    fix:
      before === undefined
        ? [
            `pull the pinned image: ${docker(settings.dockerHost, `pull ${known}`)} && ${docker(settings.dockerHost, `tag ${known} ${reference}`)}`,
            `or pin the present image, after you have checked where it comes from: ${pin}`,
          ]
        : [
            `pin the image of ${to.tag}, after you have checked where it comes from: ${pin}`,
            keepVersion(stack, before),
          ],
  };
}

/** Another release that runs the pinned image: then its pin was left in the config. */
function runsAs(
  { pinned, role, tag }: { readonly pinned: string; readonly role: ReleasedRole; readonly tag: string },
  facts: HostFacts,
): string | undefined {
  return facts.containers.find(
    (one) =>
      one.running &&
      one.role === role &&
      one.version !== tag &&
      isPinned(pinned, { id: one.imageId, digests: facts.digestsRunning?.[one.imageId] ?? [] }),
  )?.version;
}
