import type { DockerClient } from "../../host/docker/client";
import { unlessDockerFails } from "../../host/docker/errors";
import { environmentOf } from "../../host/docker/environment";
import { askMigrations, psql } from "../../host/database/psql";
import { changeOf } from "../history/change";
import { inspectContainer } from "../../host/docker/containers";
import { goBack, goOn } from "../cutover/route-back";
import { waitUntilHealthy } from "../../host/docker/health";
import { complaint } from "../../host/database/database";
import { lastWords } from "../../host/docker/log-tail";
import { PatientClient } from "../../host/docker/patient-client";
import { Routing, whoServes } from "../../host/routing/routing";
import { limitProcesses } from "../../host/docker/process-limit";
import { writableAgain } from "../../host/docker/read-only";
import { recordRefusal } from "../history/record";
import { reasonOf, report } from "../../host/report";
import { Refusal, say } from "../../host/output";
import { withheld } from "../../host/docker/redaction";
import { type Failure, persistently, undoing } from "../../host/undoing";
import type { Request } from "./request";

/** Migrations may be slower in production than in the rehearsal, because production also serves requests. */
const ALLOWANCE = 1.5;

/** The count has a time limit: if it takes longer, the next probe asks again. */
const COUNT = `SET statement_timeout = '3s'; ${askMigrations("SELECT count(*) FROM %s")}`;

/** Waits until a new container is healthy. If it does not become healthy, undoes the update's steps and refuses. */
export async function waitForContainer(asked: Request): Promise<string | undefined> {
  const docker = new PatientClient(asked.dockerHost);
  const started = Date.now();
  const timeoutSeconds = asked.timeoutSeconds + ALLOWANCE * asked.migrationSeconds;
  // Only the api runs migrations.
  const progress = asked.role === "api" ? migrationCount(docker, asked.postgres) : undefined;
  await undoing(
    async (signal) => {
      const unlimited = await limitProcesses(docker, asked.container);
      if (unlimited !== undefined) say(`${asked.role} runs without a limit of processes: ${unlimited}`);
      const refusal = await waitUntilHealthy(docker, asked, { timeoutSeconds, progress, signal });
      signal.throwIfAborted();
      if (refusal !== undefined) throw new Refusal(refusal);
    },
    (failure) => refuse(docker, asked, { ...failure, started }),
  );
  say(`${asked.role} is healthy after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return undefined;
}

/** Gives the number of applied migrations. While the database does not answer, the last known number stands. */
function migrationCount(docker: DockerClient, postgres: string): () => Promise<number> {
  let known = 0;
  return async () => {
    const counted = await unlessDockerFails(psql(docker, postgres, COUNT), undefined);
    if (counted !== undefined) known = Number(counted);
    return known;
  };
}

/**
 * Reads the log and the change of release, then undoes, and gives the report. Reading comes first, because stopping a
 * container adds to its log, and starting the old containers again hides which release is new. The history is written
 * last, because it names the images that serve after the undo.
 */
async function refuse(
  docker: DockerClient,
  asked: Request,
  failure: Failure & { readonly started: number },
): Promise<Refusal> {
  const container = await inspectContainer(docker, asked.container).catch((error: unknown) => {
    say(`The container of ${asked.role} cannot be inspected: ${complaint(error)}`);
    return undefined;
  });
  const environment = environmentOf(container?.Config.Env ?? []);
  const reason = withheld(whyRefused(asked, failure), environment);
  const [words, change] = await Promise.all([
    lastWords(docker, asked.container),
    failure.stopped ? undefined : changeOf(docker, asked).catch(unwritten),
  ]);
  const undone = await undo(docker, asked, { stopped: failure.stopped, name: container?.Name.slice(1) });
  if (change !== undefined) await recordRefusal(docker, { ...asked, ...change, started: failure.started }, reason);
  return report(docker, {
    stack: asked.stack,
    lines: [reason, ...words, ...undone, ...writableAgain({ ...asked, words })],
    change,
  });
}

function whyRefused({ role }: Request, { error, stopped }: Failure): string {
  if (stopped) return `The wait for ${role} was given up: ${reasonOf(error)}`;
  if (error instanceof Refusal) return `${role} is not healthy: ${reasonOf(error)}`;
  return `The health of ${role} cannot be checked. ${reasonOf(error)}`;
}

function unwritten(error: unknown): undefined {
  say(`This refusal could not be written into the history: ${complaint(error)}`);
  return undefined;
}

/**
 * Stops the refused container, and routes the requests back. If one step fails, the next one is tried nevertheless,
 * because the old release must serve again. If the update was stopped by a signal, the new container keeps running,
 * unless the old release was stopped for it.
 */
async function undo(
  docker: DockerClient,
  { caddy, role, stack, whenRefused }: Request,
  { stopped, name }: Pick<Failure, "stopped"> & { readonly name: string | undefined },
): Promise<string[]> {
  const failed = (what: string) => (error: unknown) => [`${what} failed: ${complaint(error)}`];
  const stop = async (refused: string) => {
    await docker.run(["stop", refused]);
    return [`${refused} was stopped.`];
  };
  const routeBack = async () => {
    if (role !== "worker") return goOn(docker, { stack, caddy });
    // Workers follow the cutover.
    const state = await Routing.of(docker, caddy).state();
    return goBack(docker, { stack, caddy, before: whoServes(state), after: state.active, stop: !stopped });
  };
  const stops = name !== undefined && whenRefused === "stop" && !stopped;
  return [
    ...(stops ? await persistently(() => stop(name)).catch(failed(`stopping ${name}`)) : []),
    ...(await routeBack().catch(failed("going back to the old release"))),
  ];
}
