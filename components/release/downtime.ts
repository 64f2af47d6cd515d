import type { BackupEstimate } from "./estimate";
import { longestHeld } from "./restore-impact";
import { breakingIn, type PlanContext } from "./plan-context";
import type { Strategy } from "./strategy";
import { duration } from "./units";

/**
 * While no container accepts requests, Caddy holds each for so many seconds; then it answers with the maintenance page.
 */
export const HELD_SECONDS = 30;

/**
 * The time between the stop of the old api and the first answer of the new one: 8 s of grace and 6 s of start were
 * measured.
 */
const STOP_AND_START_SECONDS = 15;

const UNKNOWN = "unknown: the Docker host was not looked at";

/** Only Pulumi's list of changed resources shows which settings have changed. */
const OF_SETTINGS =
  "none where a setting of api, worker or console changes: requests wait at most a second; where one of postgres changes, they wait for some seconds, and where one of caddy changes, it refuses connections for a second or two";

/** The parts of a plan that users notice. */
interface Planned {
  readonly strategy: Strategy;
  readonly backup: BackupEstimate | undefined;
  /** Roles of the services that restart. */
  readonly restarts: readonly string[];
}

/** Says what users notice, in words. What is not known is not promised. */
export function downtime(context: PlanContext, planned: Planned): string {
  if (context.facts === undefined) return UNKNOWN;
  if (context.step === "install") return "none: nothing runs yet";
  return [ofVersion(context, planned), ...ofOthers(planned.restarts)].join("; ");
}

function ofVersion(context: PlanContext, { strategy, backup, restarts }: Planned): string {
  const { step, restore, schema } = context;
  if (restore || step === "restore") return ofSwap(longestHeld(context.facts?.history ?? []));
  if (strategy === "recreate") return ofPause(context, backup);
  if (step === "restart") return restarts.length === 0 ? OF_SETTINGS : "requests wait at most a second";
  if (schema === undefined) return "unknown until the migrations are known";
  const breaking = breakingIn(context);
  return breaking.length === 0
    ? "none: requests wait at most a second"
    : `requests wait at most a second, unless ${breaking.join(", ")} breaks ${context.from?.tag ?? "the running release"} meanwhile`;
}

/** Most of the wait is the start of the api, which only the application can shorten. */
function ofSwap(seconds: number | undefined): string {
  const wait = "while the databases are swapped and the api starts";
  return seconds === undefined
    ? `requests wait ${wait}: for how long is not known before the first time on this host`
    : `requests wait about ${duration(Math.ceil(seconds))} ${wait}, as in the last restores on this host`;
}

/** The old release stops before the backup, and the new one migrates before it answers. */
function ofPause({ schema }: PlanContext, backup: BackupEstimate | undefined): string {
  const seconds = STOP_AND_START_SECONDS + (backup?.seconds ?? 0);
  const more = [
    ...(backup?.seconds === undefined ? ["the time of the backup (unknown)"] : []),
    ...(schema?.pending.length === 0 ? [] : ["the time of the migrations"]),
  ];
  const wait = [`requests wait about ${duration(seconds)}`, ...more].join(" plus ");
  return more.length === 0 && seconds <= HELD_SECONDS
    ? wait
    : `${wait}; a request that waits longer than ${HELD_SECONDS} s gets a maintenance page`;
}

function ofOthers(restarts: readonly string[]): string[] {
  return [
    ...(restarts.includes("postgres")
      ? [
          `requests wait for some seconds while postgres restarts (longer than ${HELD_SECONDS} s gets a maintenance page); answers that take longer than 2 s, and running jobs, are cut off`,
        ]
      : []),
    ...(restarts.includes("caddy") ? ["connections are refused for a second or two while caddy restarts"] : []),
  ];
}
