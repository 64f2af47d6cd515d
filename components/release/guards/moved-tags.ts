import type { HostFacts } from "../facts";
import { newestBackup } from "../records/backups";
import { configSet, docker } from "../commands";
import { type ImageIdentity, isSameImage, preferredDigest, repositoryOf } from "../records/image-identity";
import { imageReferences } from "../images";
import type { GuardProblem } from "./problem";
import { RELEASED, type ReleasedRole } from "../names";
import type { PlanContext } from "../plan-context";
import { shortId } from "../units";

/**
 * Refuses where a tag of the release names another image now than the running one, or than the one that ran when a
 * backup was taken. Images that are built from source are not compared, because each build of the same source gives
 * another image.
 */
export function movedTags(context: PlanContext): GuardProblem[] {
  const { settings, stack } = context;
  if (settings.allowMovingTag || settings.source !== undefined) return [];
  const references = imageReferences(settings, stack);
  const own = RELEASED.filter((role) => role !== "worker" || references.worker !== references.api);
  return own.flatMap((role) => movedTag(context, role, references[role]) ?? []);
}

function movedTag(context: PlanContext, role: ReleasedRole, reference: string): GuardProblem | undefined {
  const { facts, settings, stack, to } = context;
  const now = facts && namedNow(facts, role);
  const known = knownAs(context, role);
  if (now === undefined || known === undefined || isSameImage(known, now)) return undefined;
  if (role !== "api" && !isOf(reference, repositoriesOf(known, role, context))) return undefined;
  const { id, digests, runs } = known;
  const pulled = preferredDigest(reference, digests);
  const pull = pulled === undefined ? [] : [docker(settings.dockerHost, `pull ${pulled}`)];
  const unsure =
    !runs && digests.length === 0
      ? "; a Docker with another image store gives the same image another id, and that backup has no digest to compare"
      : "";
  return {
    title: `the tag ${to.tag}${role === "api" ? "" : ` of ${role}`} was moved to another image`,
    why: `${reference} is ${shortId(now.id)} now; ${runs ? "the running image is" : "when the newest backup of it was taken, it was"} ${shortId(id)}${unsure}`,
    fix: [
      `return to the known image: ${[...pull, docker(settings.dockerHost, `tag ${pulled ?? id} ${reference}`)].join(" && ")}`,
      `or accept the other one: ${configSet(stack, "allowMovingTag", "true")}`,
    ],
  };
}

function namedNow({ target, targetUnreadable, images }: HostFacts, role: ReleasedRole): ImageIdentity | undefined {
  // An image that is not the pinned one was not inspected.
  if (role !== "api" || (target ?? targetUnreadable) === undefined) return images?.[role];
  return target && { id: target.imageId, digests: target.digests ?? [] };
}

interface KnownImage extends ImageIdentity {
  /**
   * True when the image runs, so it is on the host and needs no digest to be found. False when a backup has recorded
   * it.
   */
  readonly runs: boolean;
}

function knownAs({ facts, to, served }: PlanContext, role: ReleasedRole): KnownImage | undefined {
  if (facts === undefined) return undefined;
  const { serving, containers, backups } = facts;
  // Before a release has served, the running image is of a refused update, and may have been refused for being the
  // wrong one.
  const others = served ? containers.filter(({ running }) => running) : [];
  const candidates = [...(serving ? [serving] : []), ...others];
  const running = candidates.find((one) => one.role === role && one.version === to.tag);
  if (running !== undefined) return { id: running.imageId, digests: [], runs: true };
  const newest = newestBackup(backups, to.tag);
  const id = newest?.images[role];
  return id === undefined ? undefined : { id, digests: newest?.digests?.[role] ?? [], runs: false };
}

/**
 * Gives the digests of a known image in registries. The last update knows the one that the config named. Else Docker
 * knows those of all repositories; with its newer image store it knows none once the tag names another image. Else a
 * backup does.
 */
function repositoriesOf(
  { id, digests, runs }: KnownImage,
  role: ReleasedRole,
  { facts, last }: PlanContext,
): readonly string[] {
  if (!runs) return digests;
  const told = facts?.digestsRunning?.[id] ?? [];
  const noted = [last.images?.[role] ?? ""].filter((digest) => digest.includes("@"));
  if (noted.some((digest) => isSameImage({ id, digests: told }, { id: digest, digests: noted }))) return noted;
  if (told.length > 0) return told;
  return facts?.backups.findLast(({ images }) => images[role] === id)?.digests?.[role] ?? [];
}

/**
 * Whether all known digests are of this repository. Otherwise the config may have changed its repository, and the tag
 * was not moved.
 */
function isOf(reference: string, digests: readonly string[]): boolean {
  return digests.length > 0 && digests.every((digest) => repositoryOf(digest) === repositoryOf(reference));
}
