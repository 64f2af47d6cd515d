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

/** A release whose own containers are healthy, and that is not to serve all the same. */
interface Judged {
  readonly step: ReleaseChange;
  /** The proxy's container. */
  readonly caddy: string;
  readonly before: Routes;
  readonly after: Routes;
  /** Ids of all of its containers. */
  readonly containers: readonly string[];
  /** Those whose log is shown when all of them run. */
  readonly suspects: readonly string[];
  /** What would help, for the report. */
  readonly hints?: readonly string[];
}

/** Sends the requests back, writes the refusal into the history, and gives the report. Looks first: stopping adds to the logs. */
export async function refuseRelease(docker: DockerClient, judged: Judged, failure: Failure): Promise<Refusal> {
  const { step, caddy, before, after, hints = [] } = judged;
  const { error, stopped } = failure;
  const reason = reasonOf(error);
  const words = stopped ? [] : await wordsOf(docker, judged);
  const undone = await goBack(docker, { stack: step.stack, caddy, before, after, stop: !stopped }).catch(told);
  if (!stopped) await recordRefusal(docker, step, reason);
  const what = stopped ? "The update was stopped" : `${step.to} is refused`;
  return report(docker, { stack: step.stack, lines: [`${what}: ${reason}`, ...hints, ...words, ...undone] });
}

/** The report names a second failure, and keeps the first. */
function told(error: unknown): string[] {
  return [`The requests could not be sent back: ${complaint(error)}`];
}

/** What those say that do not run as they should; the suspects when all do. */
async function wordsOf(docker: DockerClient, { containers, suspects }: Judged): Promise<string[]> {
  const inspected = await inspectContainers(docker, containers).catch((error: unknown) => {
    say(`Which containers run cannot be found out: ${complaint(error)}`);
    return [];
  });
  const dead = inspected.filter((container) => causeOfDeath(container) !== undefined).map(({ Id }) => Id);
  const words = (dead.length > 0 ? dead : suspects).map((id) => lastWords(docker, id));
  return (await Promise.all(words)).flat();
}
