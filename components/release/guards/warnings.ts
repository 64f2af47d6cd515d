import { backupsMoved } from "./backup-place";
import { futureTold } from "../records/backups";
import { imagesOld } from "./image-age";
import { imagesOfRoot } from "./image-user";
import { roleComes, roleIsSuperuser } from "./role";
import { type PlanContext } from "../plan-context";
import { passwordNotAsked, secretsChanged } from "./secrets";
import type { Strategy } from "../strategy";
import { clockBehind, notSigned, unproven } from "./backups";
import { halfDone, notRunning, notStarted } from "./containers";
import { extensionsBehind } from "./extensions";
import { limitsNotHeld } from "./limits";
import { closedToOthers, databaseMoves } from "./network";
import { imageMoved } from "./other-images";
import { constantAnswer, orderUnknown, unreadableStops } from "./release-steps";
import { olderBackup, restoreLeftOver } from "./restore-request";
import { appliedByNobody, schemaStaysAhead, sideBySide } from "./schema";
import { certificateExpires, tlsUnverified } from "./tls";

/**
 * Gives lines for the operator; none when there is nothing to say, or when the facts that the warning needs are not
 * known.
 */
type Warning = (context: PlanContext) => string[];

/** Gives what the operator should know, and what is not a reason to refuse. */
export function runWarnings(context: PlanContext, strategy: Strategy): string[] {
  const warnings: Warning[] = [
    orderUnknown,
    (context) => sideBySide(context, strategy),
    schemaStaysAhead,
    appliedByNobody,
    olderBackup,
    restoreLeftOver,
    unreadableStops,
    clockBehind,
    ({ facts }) => futureTold(facts?.future ?? []),
    notSigned,
    backupsMoved,
    secretsChanged,
    passwordNotAsked,
    roleComes,
    roleIsSuperuser,
    notStarted,
    notRunning,
    imageMoved,
    imagesOld,
    imagesOfRoot,
    extensionsBehind,
    limitsNotHeld,
    unproven,
    constantAnswer,
    certificateExpires,
    tlsUnverified,
    halfDone,
    databaseMoves,
    closedToOthers,
  ];
  return warnings.flatMap((warning) => warning(context));
}
