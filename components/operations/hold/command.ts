import type { DockerClient } from "../../host/docker/client";
import { DockerError } from "../../host/docker/errors";
import { isOneOf, WRITERS } from "../../release/names";
import { containersOf, isUp } from "../../host/docker/containers";
import type { RunningContainer } from "../../release/facts";
import { psqlIn } from "../../host/database/psql";
import { UNROUTED } from "../../host/routing/files";
import { complaint, MAINTENANCE } from "../../host/database/database";
import { drained, lastingConnections } from "../../host/routing/draining";
import { PatientClient } from "../../host/docker/patient-client";
import { Routing } from "../../host/routing/routing";
import { endHold, holdRequests } from "../../host/routing/writers";
import { Refusal, say } from "../../host/output";
import { persistently, undoing } from "../../host/undoing";
import { mustStart } from "./trial";
import type { Request } from "./request";

/** Writes what the database has in memory to the disk while it still serves, so that it stops quickly. */
const CHECKPOINT = "CHECKPOINT;";
/** A checkpoint that takes longer is not waited for: a slow disk may be the reason for the replacement. */
const CHECKPOINT_SECONDS = 60;

/**
 * Holds the requests before the container of the database is replaced. First, api and workers are connected to the network
 * of the next container, because older programs made only one network. Then Caddy holds new requests, and this waits until
 * the api has answered those that it has. Does nothing if no container serves yet, or if a killed update had stopped api or
 * workers or had not ended its cutover: the update that follows decides which containers receive the requests. Gives the
 * time since which requests are held, as JSON.
 */
export async function holdForPostgres(
  asked: Request,
  docker: DockerClient = new PatientClient(asked.dockerHost),
): Promise<string | undefined> {
  const containers = await containersOf(docker, asked.stack);
  for (const container of containers.filter((one) => needsJoining(one, asked))) await join(docker, asked, container);
  const routing = Routing.of(docker, asked.caddy);
  const state = await routing.stateIfRunning();
  if (state === undefined || state.stoppedWriters.length > 0) return undefined;
  const { active, previous } = state;
  // No container serves yet; or a run that was killed has held the requests already.
  if (active.api === UNROUTED) return previous === undefined ? undefined : held();
  const postgres = containers.find(({ name, running }) => name === asked.postgres && running);
  if (postgres === undefined || previous !== undefined) return undefined;
  return undoing(
    async (signal) => {
      await mustStart(docker, postgres, asked, signal);
      await prepare(docker, asked);
      signal.throwIfAborted();
      await hold(docker, routing);
      signal.throwIfAborted();
      return held();
    },
    async ({ error }) => {
      await persistently(() => endHold(routing));
      return new Refusal(
        `postgres was not replaced: ${complaint(error)}\nRequests go to the same containers as before.\nNext: fix the cause, then run the same command again.`,
      );
    },
  );
}

function held(): string {
  return JSON.stringify({ held: new Date().toISOString() });
}

function needsJoining(container: RunningContainer, { back }: Request): boolean {
  return isUp(container) && isOneOf(WRITERS, container.role) && container.networks?.includes(back) === false;
}

/** Connects a container. One that exits over and over cannot be connected between two starts; this update replaces it. */
async function join(docker: DockerClient, { back }: Request, { id, name }: RunningContainer): Promise<void> {
  try {
    await docker.run(["network", "connect", back, id]);
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    say(`${name} cannot be connected to the database's network: ${complaint(error)}`);
  }
}

/** Runs the checkpoint. A database that does not answer is replaced nevertheless: that may fix it. */
async function prepare(docker: DockerClient, { postgres }: Request): Promise<void> {
  await docker.run(psqlIn(postgres, MAINTENANCE), `${CHECKPOINT}\n`, CHECKPOINT_SECONDS).catch((error: unknown) => {
    say(`the database cannot be prepared for its stop: ${complaint(error)}`);
  });
}

async function hold(docker: DockerClient, routing: Routing): Promise<void> {
  const lasting = await lastingConnections(docker, routing.caddy);
  await lasting.settled;
  await holdRequests(docker, routing);
  await drained(docker, routing.caddy, "api", lasting.connections);
  say("requests are held while postgres is replaced; if this update ends before that, the next one lets them go");
}
