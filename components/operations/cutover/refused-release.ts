import type { DockerClient } from "../../host/docker/client";
import { inspectContainers } from "../../host/docker/containers";
import { complaint } from "../../host/database/database";
import { goBack } from "./route-back";
import { causeOfDeath } from "../../host/docker/health";
import { lastWords } from "../../host/docker/log-tail";
import type { Routes } from "../../host/routing/routing";
import { recordRefusal, type ReleaseChange } from "../history/record";
import { reasonOf, report } from "../../host/report";
import { Refusal, say } from "../../host/output";
import type { Failure } from "../../host/undoing";

/** A release that is refused although its own containers are healthy. */
interface Judged {
  readonly step: ReleaseChange;
  /** The proxy's container. */
  readonly caddy: string;
  readonly before: Routes;
  readonly after: Routes;
  /** Ids of all its containers. */
  readonly containers: readonly string[];
  /** Ids of the containers whose log is shown if all containers run. */
  readonly suspects: readonly string[];
  /** What may fix the cause, for the report. */
  readonly hints?: readonly string[];
}

/**
 * Sends the requests back, writes the refusal into the history, and gives the report. Reads the logs first, because
 * stopping a container adds to its log.
 */
export async function refuseRelease(docker: DockerClient, judged: Judged, failure: Failure): Promise<Refusal> {
  const { step, caddy, before, after, hints = [] } = judged;
  const { error, stopped } = failure;
  const reason = reasonOf(error);
  const words = stopped ? [] : await wordsOf(docker, judged);
  const undone = await goBack(docker, { stack: step.stack, caddy, before, after, stop: !stopped }).catch(told);
  if (!stopped) await recordRefusal(docker, step, reason);
  const what = stopped ? "The update was stopped" : `${step.to} is refused`;
  const lines = [`${what}: ${reason}`, ...hints, ...words, ...undone];
  return report(docker, { stack: step.stack, lines, change: step });
}

/** Words a failure of the undo; the report has it in addition to the first failure. */
function told(error: unknown): string[] {
  return [`The requests could not be sent back: ${complaint(error)}`];
}

/** Gives the end of the log of each container that does not run; of the suspects if all run. */
async function wordsOf(docker: DockerClient, { containers, suspects }: Judged): Promise<string[]> {
  const inspected = await inspectContainers(docker, containers).catch((error: unknown) => {
    say(`The containers cannot be inspected: ${complaint(error)}`);
    return [];
  });
  const dead = inspected.filter((container) => causeOfDeath(container) !== undefined).map(({ Id }) => Id);
  const words = (dead.length > 0 ? dead : suspects).map((id) => lastWords(docker, id));
  return (await Promise.all(words)).flat();
}
