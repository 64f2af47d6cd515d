import { configSet, docker } from "../commands";
import { type DiskNeed, type DiskUse, diskUses } from "../estimate";
import type { HostFacts } from "../facts";
import { namesOf, SUPERUSER } from "../names";
import type { ReplacedDatabase } from "../records/replaced";
import type { PlanContext } from "../plan-context";
import { size } from "../units";
import type { GuardProblem } from "./problem";

/** A disk that fills during the update stops the database, and with it the running release. */
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
          `the file system of ${diskUses(of)} needs ${size(neededBytes)} and has ${size(freeBytes)} free: ${size(neededBytes - freeBytes)} more must be free`,
      )
      .join("; "),
    fix: [
      `unused images often take the most room: ${docker(settings.dockerHost, "image prune")} lists and removes the untagged ones`,
      ...(of("data") || sharesDataDisk(facts, short)
        ? (facts?.database?.replaced ?? []).map((database) => dropped(database, stack, settings.dockerHost))
        : []),
      ...(of("docker") && settings.rehearsal !== "off" && restore === undefined
        ? [`without a rehearsal the update needs less: ${configSet(stack, "rehearsal", "off")}`]
        : []),
      "or enlarge the disk; do not delete backups of a version that may be needed again",
    ],
  };
}

/** Whether a dropped database makes room on the file system that needs it. */
function sharesDataDisk(facts: HostFacts | undefined, short: readonly DiskNeed[]): boolean {
  const disks = facts?.database?.disks;
  return disks !== undefined && short.some(({ of }) => of.some((use) => disks[use].device === disks.data.device));
}

function dropped({ name, bytes }: ReplacedDatabase, stack: string, dockerHost: string | undefined): string {
  return `the previous database ${name} has ${size(bytes)}; if you do not want to undo that restore: ${docker(dockerHost, `exec ${namesOf(stack).containers.postgres} dropdb -U ${SUPERUSER} ${name}`)}`;
}
