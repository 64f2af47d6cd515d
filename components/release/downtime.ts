import type { BackupEstimate } from "./estimate";
import { HOLD_SECONDS } from "./restoration";
import type { Situation } from "./situation";
import type { Strategy } from "./strategy";
import { duration } from "./units";

/** Between the stop of the old api and the first answer of the new one: 8 s of grace and 6 s of start were measured. */
const STOP_AND_START_SECONDS = 15;

/** What users notice, in words. */
export function downtime(
  situation: Situation,
  strategy: Strategy,
  backup: BackupEstimate | undefined,
  restarts: readonly string[],
): string {
  if (situation.step === "install") return "none: nothing runs yet";
  return [ofVersion(situation, strategy, backup), ...ofOthers(restarts)].join("; ");
}

function ofVersion({ step, restore }: Situation, strategy: Strategy, backup: BackupEstimate | undefined): string {
  if (restore || step === "restore")
    return `requests wait about ${duration(HOLD_SECONDS)} while the databases are swapped`;
  if (strategy === "rolling") return "none: requests wait at most a second";
  if (step === "restart")
    return `a maintenance page for about ${duration(STOP_AND_START_SECONDS)} where api or console changes`;
  if (backup?.seconds === undefined)
    return `a maintenance page for about ${duration(STOP_AND_START_SECONDS)}, the backup's time (unknown) and the migrations' time`;
  return `a maintenance page for about ${duration(STOP_AND_START_SECONDS + backup.seconds)} and the migrations' time`;
}

function ofOthers(restarts: readonly string[]): string[] {
  return [
    ...(restarts.includes("postgres") ? ["requests wait some seconds while postgres restarts"] : []),
    ...(restarts.includes("caddy") ? ["connections are refused for a second or two while caddy restarts"] : []),
  ];
}
