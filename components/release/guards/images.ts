import { namesOf } from "../names";
import { configSet, configSetPath, docker, keepVersion } from "../commands";
import { type ImageReferences, imageReferences } from "../images";
import type { GuardProblem } from "./problem";
import { type PullFault, pullFault } from "./pull-fault";
import type { PlanContext } from "../plan-context";
import { oneLine } from "../words";

interface MissingImage {
  readonly reference: string;
  readonly reason: string;
}

/**
 * Refuses where an image is missing: a tag was mistyped, a registry is down, or an image was pruned before a rollback.
 */
export function imageMissing(context: PlanContext): GuardProblem | undefined {
  const { facts, settings, stack, step, from, to } = context;
  if (facts === undefined) return undefined;
  const references = imageReferences(settings, stack);
  const reasons = new Map(facts.imagesMissing.map(({ reference, reason }) => [reference, reason]));
  if (facts.targetMissing !== undefined) reasons.set(references.api, facts.targetMissing);
  // An image that is built from source is in no registry, and not on the host before the update has built it.
  const missing = [...reasons]
    .filter(([reference]) => settings.source === undefined || !reference.startsWith(`${namesOf(stack).prefix}-`))
    .map(([reference, reason]) => ({ reference, reason }));
  if (missing.length === 0) return undefined;
  const what = missing.length === 1 ? "1 image is" : `${missing.length} images are`;
  const other = from && from.tag !== to.tag ? [keepVersion(stack, from.tag)] : [];
  return {
    title: `${what} not on the Docker host and could not be pulled`,
    why: missing.map(({ reference, reason }) => `${reference}: ${oneLine(reason)}`).join("; "),
    fix: [
      ...new Set(missing.flatMap((image) => fixesOf(image, references, context))),
      ...(step === "install" && missing.some(mayBeMistyped)
        ? [`or another version: ${configSet(stack, "version", "VERSION")}`]
        : []),
      ...other,
    ],
  };
}

function mayBeMistyped({ reason }: MissingImage): boolean {
  return ["missing", "unknown"].includes(pullFault(reason));
}

function fixesOf(
  { reference, reason }: MissingImage,
  references: ImageReferences,
  { stack, settings: { dockerHost: host } }: PlanContext,
): string[] {
  const pull = docker(host, `pull ${reference}`);
  const fixes: Record<PullFault, string[]> = {
    missing: [`the registry has no ${reference}: ${mistyped(reference, references, stack)}`],
    denied: [
      `if the registry wants other credentials: docker login ${registryOf(reference)}`,
      `if there is no such repository: ${mistyped(reference, references, stack)}`,
    ],
    limited: [
      `the registry limits the number of pulls: try again later, or after docker login ${registryOf(reference)}`,
    ],
    away: [`once the registry answers again: ${pull}`],
    disk: [`make room on the Docker host (${docker(host, "system df")} shows what takes it), then ${pull}`],
    unknown: [`this shows more: ${pull}`],
  };
  return fixes[pullFault(reason)];
}

/**
 * Names the keys of the config that the name of an image comes from: a released image has its repository and its tag
 * from two keys.
 */
function mistyped(reference: string, references: ImageReferences, stack: string): string {
  const role = (Object.keys(references) as (keyof ImageReferences)[]).find((key) => references[key] === reference);
  if (role === "postgres" || role === "caddy") return configSetPath(stack, `images.${role}`, "IMAGE");
  return `check nestfleet:version, and ${configSetPath(stack, `images.${role ?? "api"}`, "REPOSITORY")}`;
}

/** Docker's own rule: the first part names a registry when it has a dot or a port, or is `localhost`. */
function registryOf(reference: string): string {
  const [first = "", ...rest] = reference.split("/");
  return rest.length > 0 && (/[.:]/.test(first) || first === "localhost") ? first : "";
}

/** Refuses where the image is on the host, but its migrations cannot be read in a container of it. */
export function imageUnreadable({ facts, settings, stack, from, to }: PlanContext): GuardProblem | undefined {
  const reason = facts?.targetUnreadable;
  if (reason === undefined) return undefined;
  const { api } = imageReferences(settings, stack);
  return {
    title: `the migrations of ${api} cannot be read`,
    why: `node reads them, in a container of the image; Docker answers: ${oneLine(reason)}`,
    fix: [
      ...(pullFault(reason) === "disk"
        ? [`make room on the Docker host: ${docker(settings.dockerHost, "system df")} shows what takes it`]
        : [
            `if it is not an image of NestFleet's api: ${configSetPath(stack, "images.api", "REPOSITORY")}`,
            `or another version: ${configSet(stack, "version", "VERSION")}`,
          ]),
      ...(from && from.tag !== to.tag ? [keepVersion(stack, from.tag)] : []),
    ],
  };
}
