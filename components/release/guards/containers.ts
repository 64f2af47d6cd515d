import { namesOf, UPDATE_ORDER } from "../names";
import type { RunningContainer } from "../facts";
import { configSet, docker, up, upRefresh } from "../commands";
import type { GuardProblem } from "./problem";
import type { PlanContext } from "../plan-context";
import { oneLine } from "../words";

/** Without a running database no backup can be taken, and the applied migrations are not known. */
export function databaseStopped({ facts, settings, stack, step, from }: PlanContext): GuardProblem | undefined {
  if (facts === undefined || facts.database !== undefined || (step !== "upgrade" && step !== "rollback"))
    return undefined;
  const name = namesOf(stack).containers.postgres;
  const container = facts.containers.find(({ role }) => role === "postgres");
  // While a restore renames the database, it accepts no session: the update opens it again before it looks.
  if (facts.unfinished === true && container?.running === true) return undefined;
  const failed = facts.notStarted?.find(({ role }) => role === "postgres");
  const why = failed === undefined ? conditionOf(container) : `cannot be started: ${oneLine(failed.reason)}`;
  return {
    title: "the database does not run",
    why: `a version is changed only after a backup; ${name} ${why}`,
    fix:
      container === undefined
        ? [...(from ? [configSet(stack, "version", from.tag)] : []), upRefresh(stack), "then set the new version again"]
        : fixesOf(container, settings.dockerHost),
  };
}

function conditionOf(container: RunningContainer | undefined): string {
  if (container === undefined) return "does not exist";
  if (container.state === "restarting") return "exits and is restarted again and again";
  if (container.state === "paused") return "is paused";
  return container.running ? "runs and does not answer" : "is stopped";
}

function fixesOf({ name, state, running }: RunningContainer, host: string | undefined): string[] {
  const log = docker(host, `logs --tail 50 ${name}`);
  if (state === "restarting" || running) return [`its log says why: ${log}`];
  if (state === "paused") return [docker(host, `unpause ${name}`)];
  return [docker(host, `start ${name}`), `if it stops again: ${log}`];
}

/**
 * A change of release needs the proxy for its cutover, so this refuses before the backup. Where a port is taken,
 * `portTaken` refuses instead.
 */
export function proxyNotStarted({ facts, stack, step }: PlanContext): GuardProblem | undefined {
  const failed = facts?.notStarted?.find(({ role }) => role === "caddy");
  if (facts === undefined || failed === undefined || step === "install" || step === "restart") return undefined;
  if (facts.portsTaken.length > 0) return undefined;
  return {
    title: `${failed.name} cannot be started`,
    why: `no request reaches the stack without it; Docker says: ${oneLine(failed.reason)}`,
    fix: ["fix what Docker names", `or make the container anew, without a change of version: ${upRefresh(stack)}`],
  };
}

/**
 * Warns of containers that Docker could not start again. It does not refuse, because the update may make that container
 * anew.
 */
export function notStarted({ facts }: PlanContext): string[] {
  return (facts?.notStarted ?? []).map(
    ({ name, reason }) => `${name} had stopped and cannot be started: ${oneLine(reason)}`,
  );
}

/**
 * Warns of containers that were stopped or removed by hand: Pulumi's state does not show it, and a plain update would
 * change nothing.
 */
export function notRunning({ facts, settings, stack, step, served }: PlanContext): string[] {
  if (facts === undefined || (step === "install" && !served)) return [];
  if (facts.containers.length === 0)
    return [
      `the Docker host has no container of this stack: if the containers were removed by hand, ${upRefresh(stack)} makes them again; if it is the wrong host, fix nestfleet:dockerHost`,
    ];
  const wanted = UPDATE_ORDER.filter((role) => role !== "worker" || settings.worker?.enabled === true);
  return wanted.flatMap((role) => {
    const ours = facts.containers.filter((container) => container.role === role);
    if (ours.some(({ running }) => running) || facts.notStarted?.some((failed) => failed.role === role)) return [];
    return [whyNone(role, ours, { stack, settings })];
  });
}

function whyNone(
  role: string,
  containers: readonly RunningContainer[],
  { stack, settings: { dockerHost: host } }: Pick<PlanContext, "stack" | "settings">,
): string {
  const looping = containers.find(({ state }) => state === "restarting");
  if (looping !== undefined)
    return `${looping.name} exits and is restarted again and again; its log says why: ${docker(host, `logs --tail 50 ${looping.name}`)}`;
  const paused = containers.find(({ state }) => state === "paused");
  if (paused !== undefined)
    return `${paused.name} is paused: if a killed rollback has paused it, ${up(stack)} takes that rollback back; if not: ${docker(host, `unpause ${paused.name}`)}`;
  return `no ${role} runs, though it should; ${up(stack)} starts what was stopped, ${upRefresh(stack)} also brings back what was removed`;
}

export function halfDone({ facts, stack }: PlanContext): string[] {
  if (facts?.unfinished !== true) return [];
  return [
    `an update was killed while requests were held: ${up(stack)} first takes that update back or finishes it, and may then have less to do than this plan says`,
  ];
}
