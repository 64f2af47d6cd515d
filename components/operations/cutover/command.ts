import type { DockerClient } from "../../host/docker/client";
import { configSetPath, docker as dockerCommand } from "../../release/commands";
import { versionOf } from "../../host/docker/containers";
import { type Health, WrongVersion } from "../../host/routing/health";
import { watch } from "../../host/docker/health";
import { mustBeHealthy, mustRun } from "../../host/docker/must-run";
import { PatientClient } from "../../host/docker/patient-client";
import { differ, isServing, type Routes, Routing, whoServes } from "../../host/routing/routing";
import type { ReleaseChange } from "../history/record";
import { refuseRelease } from "./refused-release";
import { say } from "../../host/output";
import { undoing } from "../../host/undoing";
import { AUTHORITY, verify, warmUp } from "../../host/routing/verification";
import type { Request } from "./request";

/** Seconds for which a new release is watched after the cutover, when it has been watched as a candidate before. */
const SETTLE_SECONDS = 5;

/**
 * Checks the new containers through the published ports, as candidates, while the old containers still serve. Then
 * switches the requests to them, and routes the requests back if they fail after all. If the old release does not run
 * any more, or may not work on the new schema, the requests are switched after the first good answer. The old
 * containers stay until the verdict, so that all of it can be undone. Idempotent: if it is killed at any moment and run
 * again, the result is the same.
 */
export async function cutOver(
  asked: Request,
  docker: DockerClient = new PatientClient(asked.dockerHost),
): Promise<string | undefined> {
  const routing = Routing.of(docker, asked.caddy);
  const before = whoServes(await routing.state());
  const from = await versionOf(docker, before.api);
  const step: ReleaseChange = { ...asked, from, to: asked.release.tag, started: Date.now() };
  const answer = await undoing(
    (signal) => moveRequests(asked, docker, routing, before, signal),
    (failure) => {
      const hints = failure.error instanceof WrongVersion ? [constantAnswer(asked)] : [];
      const { api, console } = asked.targets;
      const suspects = [api.container, console.container];
      const judged = {
        step,
        caddy: asked.caddy,
        before,
        after: namesOf(asked),
        containers: idsOf(asked),
        suspects,
        hints,
      };
      return refuseRelease(docker, judged, failure);
    },
  );
  for (const line of ownAuthority(asked)) say(line);
  return JSON.stringify({ version: answer.version, started: step.started });
}

async function moveRequests(
  asked: Request,
  docker: DockerClient,
  routing: Routing,
  before: Routes,
  signal: AbortSignal,
): Promise<Health> {
  const wait = { timeoutSeconds: asked.timeoutSeconds, signal };
  for (const container of asked.containers) await mustRun(docker, container, wait);
  for (const [role, { container, probe }] of Object.entries(asked.targets))
    await mustBeHealthy(docker, { role, container, probe }, wait);
  const after = namesOf(asked);
  const seen = await watch(docker, idsOf(asked));
  const death = () => {
    signal.throwIfAborted();
    return seen();
  };
  if (!differ(before, after)) {
    await routing.routeBack(after);
    return verify({ ...asked, death }, docker);
  }
  const first = await switchesFirst(asked, docker, routing, before);
  const candidate = await routing.setCandidates(after);
  await verify({ ...asked, death, candidate, holdSeconds: first ? 0 : asked.holdSeconds }, docker);
  await warmUp({ ...asked, candidate, pages: !first }, docker);
  signal.throwIfAborted();
  await routing.switchTo(after, before);
  say(`requests go to ${after.api} and ${after.console}`);
  const holdSeconds = first ? asked.holdSeconds : Math.min(SETTLE_SECONDS, asked.holdSeconds);
  // The new release has answered already: users need not wait for as long as a start may take.
  const timeoutSeconds = Math.min(SETTLE_SECONDS, asked.timeoutSeconds);
  return verify({ ...asked, death, holdSeconds, timeoutSeconds }, docker);
}

async function switchesFirst(
  { release }: Request,
  docker: DockerClient,
  routing: Routing,
  before: Routes,
): Promise<boolean> {
  if (!(await isServing(docker, before.api)) || !(await isServing(docker, before.console))) return true;
  // A killed update may have noted it for another release; an update without a change of release ignores the note.
  return (await versionOf(docker, before.api)) !== release.tag && (await routing.state()).immediateCutover;
}

function namesOf({ targets }: Request): Routes {
  return { api: targets.api.name, console: targets.console.name };
}

/** Gives the ids of all containers except the workers, which are replaced later. */
function idsOf({ targets, containers }: Request): string[] {
  return [targets.api.container, targets.console.container, ...containers];
}

/** Says how clients learn to trust Caddy's own authority, where it signs the certificate of a domain. */
function ownAuthority({ dockerHost, caddy, entrance: { domain, trust } }: Request): string[] {
  if (trust !== "caddy" || domain === "localhost") return [];
  return [
    `the certificate of ${domain} is signed by Caddy's own authority, which each client must be told to trust: ${dockerCommand(dockerHost, `exec ${caddy} cat ${AUTHORITY}`)}`,
  ];
}

/**
 * Gives the setting for an application whose `/health` answers the same constant in every release, as the published one
 * does.
 */
function constantAnswer({ stack }: Request): string {
  return `If the answer is a constant that no release changes: ${configSetPath(stack, "health.version", "ignore")}`;
}
