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
import { mustStartReadOnly } from "./trial";
import type { Request } from "./request";

/** What the database has in memory goes to the disk while it still serves, so that it has little to do when it stops. */
const CHECKPOINT = "CHECKPOINT;";
/** A disk that takes longer is no reason to wait for it: postgres may be replaced because of it. */
const CHECKPOINT_SECONDS = 60;

/**
 * Holds the requests before the database's container is replaced. What works on the database is connected to the network
 * of the next container first: one network was all that older programs made. Then Caddy holds the requests, once those
 * that the api has in hand are answered. It does nothing where nothing serves yet, and where a killed update had stopped
 * writers or had not judged its cutover: the update that follows decides which containers receive the requests. Gives
 * since when they are held.
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
  // Nothing serves yet; or a run that was killed has held them already.
  if (active.api === UNROUTED) return previous === undefined ? undefined : held();
  const postgres = containers.find(({ name, running }) => name === asked.postgres && running);
  if (postgres === undefined || previous !== undefined) return undefined;
  return undoing(
    async (signal) => {
      await mustStartReadOnly(docker, postgres, asked, signal);
      await prepare(docker, asked);
      signal.throwIfAborted();
      await hold(docker, routing);
      signal.throwIfAborted();
      return held();
    },
    async ({ error }) => {
      await persistently(() => endHold(routing));
      return new Refusal(
        `postgres was not replaced: ${complaint(error)}\nThe requests go where they went before.\nNext: run the same again.`,
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

/** One that dies over and over has, between two lives, nothing to connect: it is replaced by this update anyway. */
async function join(docker: DockerClient, { back }: Request, { id, name }: RunningContainer): Promise<void> {
  try {
    await docker.run(["network", "connect", back, id]);
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    say(`${name} cannot be connected to the database's network: ${complaint(error)}`);
  }
}

/** A database that does not answer is replaced all the same: perhaps that is what mends it. */
async function prepare(docker: DockerClient, { postgres }: Request): Promise<void> {
  await docker.run(psqlIn(postgres, MAINTENANCE), CHECKPOINT, CHECKPOINT_SECONDS).catch((error: unknown) => {
    say(`the database cannot be prepared for its stop: ${complaint(error)}`);
  });
}

async function hold(docker: DockerClient, routing: Routing): Promise<void> {
  const lasting = await lastingConnections(docker, routing.caddy);
  await lasting.settled;
  await holdRequests(docker, routing);
  await drained(docker, routing.caddy, "api", lasting.connections);
  say("requests are held while postgres is replaced; should this update end before that, the next one lets them go");
}
