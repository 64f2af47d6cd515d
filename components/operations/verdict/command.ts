import type { DockerClient } from "../../host/docker/client";
import { retireSuperuser } from "../../host/database/application-role";
import { inspectContainer, isUp, versionOf } from "../../host/docker/containers";
import { complaint, Database } from "../../host/database/database";
import { DATABASE } from "../../release/names";
import { handOver } from "../../host/database/handover";
import { watch } from "../../host/docker/health";
import { mustRun } from "../../host/docker/must-run";
import { PatientClient } from "../../host/docker/patient-client";
import { type Routes, Routing, whoServes } from "../../host/routing/routing";
import { record, type ReleaseChange } from "../history/record";
import { refuseRelease } from "../cutover/refused-release";
import { Refusal, say, sleep } from "../../host/output";
import { clearAway } from "./cleanup";
import { undoing } from "../../host/undoing";
import type { Request } from "./request";

/** A worker that is healthy but exits at its first jobs does so within these seconds. */
const WATCH_SECONDS = 5;

/**
 * Ends an update: all containers of the new release serve, also the workers. Until now the whole update can be undone.
 * Now the verdict is written into the history, the old containers are removed, and nothing is undone any more.
 * Idempotent: if it is killed at any moment and run again, the result is the same.
 */
export async function giveVerdict(
  asked: Request,
  docker: DockerClient = new PatientClient(asked.dockerHost),
): Promise<string | undefined> {
  const routing = Routing.of(docker, asked.caddy);
  const state = await routing.state();
  const [before, after] = [whoServes(state), state.active];
  const from = await versionOf(docker, before.api);
  const to = asked.release.tag;
  // Without a change of release there may have been no cutover in this update: `asked.started` may be long ago.
  const step: ReleaseChange = { ...asked, from, to, started: from === to ? Date.now() : asked.started };
  await mustTakeRequests(docker, asked, after);
  await undoing(
    (signal) => workersWork(docker, asked, signal),
    (failure) => {
      const judged = { step, caddy: asked.caddy, before, after, containers: idsOf(asked), suspects: asked.workers };
      return refuseRelease(docker, judged, failure);
    },
  );
  const history = await record(docker, step); // before `accept` forgets the old containers
  await routing.accept();
  for (const left of await clearAway(docker, { ...asked, current: idsOf(asked) }, history)) say(`warning: ${left}`);
  await takeOver(new Database(docker, asked.postgres));
  return undefined;
}

/**
 * Gives the application's role what containers have created as the superuser, and takes the superuser's password away:
 * those containers are removed by now. If this fails, the update has succeeded nevertheless.
 */
async function takeOver(database: Database): Promise<void> {
  try {
    await handOver(database, DATABASE);
    await retireSuperuser(database);
  } catch (error) {
    say(`warning: ${complaint(error)}. The next change of release tries it again.`);
  }
}

/** Refuses to go on where requests go to another container, for example by hand: that container would be removed. */
async function mustTakeRequests(docker: DockerClient, { serving }: Request, active: Routes): Promise<void> {
  for (const [role, id] of Object.entries(serving)) {
    const name = active[role as keyof Routes];
    const found = await inspectContainer(docker, name);
    if (found === undefined || !isUp({ state: found.State.Status }) || found.Id === id) continue;
    throw new Refusal(
      `The requests go to ${name}, which is not the ${role} of this update. Nothing was removed.\n` +
        `Next: run the same command again; it sends the requests to the container of this update.`,
    );
  }
}

async function workersWork(docker: DockerClient, asked: Request, signal: AbortSignal): Promise<void> {
  const { workers, timeoutSeconds, holdSeconds } = asked;
  if (workers.length === 0) return;
  for (const worker of workers) await mustRun(docker, worker, { timeoutSeconds, signal });
  const seen = await watch(docker, idsOf(asked));
  const until = Date.now() + Math.min(WATCH_SECONDS, holdSeconds) * 1000;
  do {
    await sleep(Math.min(1000, Math.max(0, until - Date.now())));
    signal.throwIfAborted();
    const death = await seen();
    if (death !== undefined) throw new Refusal(death);
  } while (Date.now() < until);
}

/** Gives the ids of all containers of the stack. */
function idsOf({ serving, workers, containers }: Request): string[] {
  return [serving.api, serving.console, ...workers, ...containers];
}
