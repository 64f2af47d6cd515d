import { compressionUnreadable } from "./compression";
import { databaseStopped, proxyNotStarted } from "./containers";
import { type DiskNeed } from "../estimate";
import { backupDirectoryUnusable, movedWhileRestoring } from "./backup-place";
import { imageMissing, imageUnreadable } from "./images";
import { movedTags } from "./moved-tags";
import { otherThanPinned } from "./pinned-images";
import type { GuardProblem } from "./problem";
import { passwordRejected } from "./secrets";
import { roleTaken, superuserMissing } from "./role";
import { restoreUnusable } from "./restore";
import type { PlanContext } from "../plan-context";
import { dataFolderDiffers, postgresMajorDiffers, volumeChanged, volumeInUse, volumeMissing } from "./data-volume";
import { diskTooSmall } from "./disk";
import { extensionsOlder } from "./extensions";
import { portTaken } from "./network";
import { parametersRejected } from "./parameters";
import { majorUnacknowledged, requiredStopSkipped } from "./release-steps";
import { rollbackUndone, servingUnknown } from "./restore-request";
import { schemaAhead } from "./schema";
import { sourceUnusable } from "./source";

/**
 * Gives reasons to refuse an update; none when the guard does not apply, or when the facts that it needs are not known.
 */
type Guard = (context: PlanContext) => GuardProblem | GuardProblem[] | undefined;

/** Gives every problem at once, the most fundamental first. */
export function runGuards(context: PlanContext, disk: readonly DiskNeed[]): GuardProblem[] {
  const guards: Guard[] = [
    imageMissing,
    imageUnreadable,
    sourceUnusable,
    otherThanPinned,
    movedTags,
    majorUnacknowledged,
    requiredStopSkipped,
    databaseStopped,
    proxyNotStarted,
    passwordRejected,
    superuserMissing,
    roleTaken,
    volumeMissing,
    volumeInUse,
    volumeChanged,
    backupDirectoryUnusable,
    movedWhileRestoring,
    postgresMajorDiffers,
    dataFolderDiffers,
    extensionsOlder,
    compressionUnreadable,
    parametersRejected,
    restoreUnusable,
    servingUnknown,
    rollbackUndone,
    schemaAhead,
    (context) => diskTooSmall(context, disk),
    portTaken,
  ];
  return guards.flatMap((guard) => guard(context) ?? []);
}
