import semver from "semver";
import { configSet, configSetPath, keepVersion, up } from "../commands";
import type { PlanContext } from "../plan-context";
import { crossesMajor } from "../strategy";
import type { GuardProblem } from "./problem";

/** A major release comes with a guide that the operator must have read. A rollback needs no guide. */
export function majorUnacknowledged({ settings, stack, step, from, to }: PlanContext): GuardProblem | undefined {
  if (step !== "upgrade" || to.semver === undefined || !crossesMajor(from?.semver, to.semver)) return undefined;
  const major = String(semver.major(to.semver));
  const given = settings.acknowledgeMajor;
  if (given === major) return undefined;
  return {
    title: `${from?.tag ?? ""} → ${to.tag} is a step to major release ${major}`,
    why: `read the migration guide of release ${major} first; then confirm with nestfleet:acknowledgeMajor ${major} (now: ${given === "" ? "not set" : given})`,
    fix: [
      `when you have read the guide: ${configSet(stack, "acknowledgeMajor", major)}`,
      ...(from ? [keepVersion(stack, from.tag)] : []),
    ],
  };
}

/** Refuses to skip releases that must run in between, because later releases depend on what they did to the data. */
export function requiredStopSkipped({ settings, facts, stack, step, from, to }: PlanContext): GuardProblem | undefined {
  if (step !== "upgrade" || from?.semver === undefined || to.semver === undefined) return undefined;
  const { semver: lowest } = from;
  const { semver: highest } = to;
  const required = [...settings.requiredStops, ...(facts?.target?.requiredStops ?? [])];
  const stops = [...new Set(required.flatMap((stop) => semver.valid(stop) ?? []))]
    .filter((stop) => semver.gt(stop, lowest) && semver.lt(stop, highest))
    .sort(semver.compare);
  const [first] = stops;
  if (first === undefined) return undefined;
  return {
    title: `${from.tag} → ${to.tag} skips ${stops.join(", ")}`,
    why: "later releases depend on data changes made by these releases; install each of them in this order first",
    fix: [
      `${configSet(stack, "version", first)} && ${up(stack)}`,
      stops.length === 1 ? `then ${to.tag}` : `then the next one, and finally ${to.tag}`,
    ],
  };
}

export function unreadableStops({ facts }: PlanContext): string[] {
  const unreadable = facts?.target?.requiredStops.filter((stop) => semver.valid(stop) === null) ?? [];
  return unreadable.length > 0
    ? [`the image's required stops cannot be read as versions and do not count: ${unreadable.join(", ")}`]
    : [];
}

/** Tags that are not version numbers are ordered by what is on the host. */
export function orderUnknown({ facts, step, from, to }: PlanContext): string[] {
  const numbered = from?.semver !== undefined && to.semver !== undefined;
  return facts === undefined && step !== "restart" && from !== undefined && !numbered
    ? [`whether ${from.tag} → ${to.tag} is an upgrade or a rollback is not known without the Docker host`]
    : [];
}

/**
 * Warns of a release whose `/health` always answers the same version: the next release would be refused for that
 * answer.
 */
export function constantAnswer({ settings, stack, last, to }: PlanContext): string[] {
  const { version, answered } = last;
  if (settings.health?.version !== "compare" || to.semver === undefined || version === undefined) return [];
  if (answered === undefined || answered === version || answered === to.semver) return [];
  return [
    `${version} answered /health with the version ${answered}: if all releases answer so, ${to.tag} will be refused; to stop comparing versions: ${configSetPath(stack, "health.version", "ignore")}`,
  ];
}
