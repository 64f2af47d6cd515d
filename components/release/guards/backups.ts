import { script, trust } from "../commands";
import { parseBackupId } from "../records/backup-id";
import { lastProof, newestBackup } from "../records/backups";
import type { PlanContext } from "../plan-context";
import { duration } from "../units";
import { firstOf, oneLine } from "../words";

/**
 * Warns of unsigned backups: written by another program, or by another stack, or by this stack before its key was lost.
 */
export function notSigned({ facts, settings, stack }: PlanContext): string[] {
  const unsigned = facts?.unsigned ?? [];
  const [first] = unsigned;
  if (first === undefined) return [];
  const [count, named] =
    unsigned.length === 1
      ? ["1 backup is not signed by this stack and does", first]
      : [`${unsigned.length} backups are not signed by this stack and do`, "ID"];
  return [
    `${count} not count: ${firstOf(unsigned)}; a backup that you know to be this stack's own counts after ${trust(stack, settings.dockerHost, named)}`,
  ];
}

/** Two days: one nightly proof may be missed. */
const PROVEN_SECONDS = 2 * 86_400;

/**
 * Warns where no backup was proven lately. A dump that can be read may still fail to be restored; a rehearsal, a
 * restore drill or a proof shows it.
 */
export function unproven({ facts, settings, stack, restore }: PlanContext): string[] {
  const newest = newestBackup(facts?.backups ?? []);
  const [first] = facts?.backups ?? [];
  if (facts === undefined || newest === undefined || first === undefined) return [];
  const command = script({ name: "backup", stack, host: settings.dockerHost, options: ["--prove"] });
  const broken = [newest, ...(restore && restore.id !== newest.id ? [restore] : [])].filter((one) => one.disproven);
  if (broken.length > 0)
    return broken.map(
      ({ disproven }) =>
        `${oneLine(disproven?.reason ?? "")} (found at ${disproven?.at ?? ""}); once that is fixed, ${command} shows whether the next one can be`,
    );
  const proven = lastProof(facts.backups);
  if (facts.clock === undefined) return [];
  const age = facts.clock - Date.parse(proven?.at ?? first.takenAt) / 1000;
  if (age <= PROVEN_SECONDS) return [];
  const since = proven === undefined ? "" : ` for ${duration(age)}`;
  return [`no backup has been shown to be restorable${since}; run this now, and best every night: ${command}`];
}

/** A clock that is set back by a few minutes does no harm. */
const TOLERATED_SECONDS = 300;

/** Only warns: an upgrade may be urgent, and the id of a new backup follows the newest whatever the clock says. */
export function clockBehind({ facts }: PlanContext): string[] {
  const newest = newestBackup(facts?.backups ?? []);
  if (facts?.clock === undefined || newest === undefined) return [];
  const behind = (parseBackupId(newest.id)?.seconds ?? 0) - facts.clock;
  return behind > TOLERATED_SECONDS
    ? [
        `the clock of the Docker host is ${duration(behind)} behind the newest backup (${newest.id}): set the clock; timedatectl shows it`,
      ]
    : [];
}
