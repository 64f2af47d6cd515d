import { configSet, docker } from "../commands";
import { type DiskNeed, type DiskUse, diskUses } from "../estimate";
import type { HostFacts } from "../facts";
import { namesOf, SUPERUSER } from "../names";
import type { ReplacedDatabase } from "../records/replaced";
import type { PlanContext } from "../plan-context";
import { size } from "../units";
import type { GuardProblem } from "./problem";

/** A disk that fills in the middle stops the database, and the version that serves with it. */
export function diskTooSmall(
  { facts, settings, stack, restore }: PlanContext,
  disk: readonly DiskNeed[],
): GuardProblem | undefined {
  const short = disk.filter(({ neededBytes, freeBytes }) => neededBytes > freeBytes);
  if (short.length === 0) return undefined;
  const of = (use: DiskUse) => short.some((need) => need.of.includes(use));
  return {
    title: "the disk is too small for this update",
    why: short
      .map(
        ({ of, neededBytes, freeBytes }) =>
          `where ${diskUses(of)} lie, ${size(neededBytes)} are needed and ${size(freeBytes)} are free: ${size(neededBytes - freeBytes)} too few`,
      )
      .join("; "),
    fix: [
      `images that no container uses take most: ${docker(settings.dockerHost, "image prune")} lists and removes the untagged ones`,
      ...(of("data") || sharesDataDisk(facts, short)
        ? (facts?.database?.replaced ?? []).map((database) => dropped(database, stack, settings.dockerHost))
        : []),
      ...(of("docker") && settings.rehearsal !== "off" && restore === undefined
        ? [`without a rehearsal less is needed: ${configSet(stack, "rehearsal", "off")}`]
        : []),
      "or a larger disk; delete no backup of a version that may be needed again",
    ],
  };
}

/** Whether dropping a database makes room where it is needed. */
function sharesDataDisk(facts: HostFacts | undefined, short: readonly DiskNeed[]): boolean {
  const disks = facts?.database?.disks;
  return disks !== undefined && short.some(({ of }) => of.some((use) => disks[use].device === disks.data.device));
}

function dropped({ name, bytes }: ReplacedDatabase, stack: string, dockerHost: string | undefined): string {
  return `${name}, replaced by a restore, has ${size(bytes)}; when no undo is wanted: ${docker(dockerHost, `exec ${namesOf(stack).containers.postgres} dropdb -U ${SUPERUSER} ${name}`)}`;
}
