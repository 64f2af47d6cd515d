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

/** Production may be slower than the rehearsal was: it also serves. */
const ALLOWANCE = 1.5;

/** A count that takes long is given up: the next probe asks again. */
const COUNT = `SET statement_timeout = '3s'; ${askMigrations("SELECT count(*) FROM %s")}`;

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

/** Asks how many migrations are applied. A database that does not answer just now shows neither progress nor its loss. */
function migrationCount(docker: DockerClient, postgres: string): () => Promise<number> {
  let known = 0;
  return async () => {
    const counted = await unlessDockerFails(psql(docker, postgres, COUNT), undefined);
    if (counted !== undefined) known = Number(counted);
    return known;
  };
}

/**
 * Looks first, undoes then, and gives the report: stopping a container adds to its log, and starting the ones before
 * again changes which release is seen to be new. The history has what serves when all that is over.
 */
async function refuse(
  docker: DockerClient,
  asked: Request,
  failure: Failure & { readonly started: number },
): Promise<Refusal> {
  const container = await inspectContainer(docker, asked.container).catch((error: unknown) => {
    say(`What the container of ${asked.role} is cannot be found out: ${complaint(error)}`);
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
  });
}

function whyRefused({ role }: Request, { error, stopped }: Failure): string {
  if (stopped) return `The wait for ${role} was given up: ${reasonOf(error)}`;
  if (error instanceof Refusal) return `${role} is not healthy: ${reasonOf(error)}`;
  return `Whether ${role} is healthy cannot be found out. ${reasonOf(error)}`;
}

function unwritten(error: unknown): undefined {
  say(`The history will not have this refusal: ${complaint(error)}`);
  return undefined;
}

/**
 * Whatever one step says, the next is tried: what served before must serve again. A container that was not refused
 * goes on, unless the one that it is to replace was stopped for it.
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
    ...(await routeBack().catch(failed("going back to what ran before"))),
  ];
}
