import type { DockerClient } from "../components/docker/client";
import { containersOf, isUp } from "../components/host/containers";
import type { RunningContainer } from "../components/host/facts";
import { NOBODY } from "../components/services/upstream";
import { complaint, Database, MAINTENANCE } from "./lib/database";
import { drained, lastingConnections } from "./lib/draining";
import { PatientClient } from "./lib/patient-client";
import { endHold, runs, WRITERS } from "./lib/paused";
import { holdRequests, readBefore, readPointers } from "./lib/pointers";
import { Refusal, run, say } from "./lib/run";
import { persistently, undoing } from "./lib/undoing";
import { type Request, request } from "./requests/hold";

/** What the database has in memory goes to the disk while it still serves, so that it has little to do when it stops. */
const CHECKPOINT = "CHECKPOINT";

/**
 * Before the database's container is replaced. Whatever of the stack works on the database is connected to the network
 * on which the next one is: one network was all that older programs made. Then Caddy holds the requests, once those that
 * the api has in hand are answered. Does nothing where nothing serves yet. Gives since when they are held.
 */
void run(request, async (asked) => {
  const docker = new PatientClient(asked.dockerHost);
  const containers = await containersOf(docker, asked.stack);
  for (const { id } of containers.filter((container) => needsJoining(container, asked))) await join(docker, asked, id);
  if (!containers.some(({ name, running }) => name === asked.postgres && running)) return undefined;
  if (!(await runs(docker, asked.caddy))) return undefined;
  const { api } = await readPointers(docker, asked.caddy);
  // Nothing serves yet; or a run that was killed has held them already.
  if (api === NOBODY) return (await readBefore(docker, asked.caddy)) === undefined ? undefined : held();
  return undoing(
    async (signal) => {
      await prepare(docker, asked);
      signal.throwIfAborted();
      await hold(docker, asked.caddy);
      signal.throwIfAborted();
      return held();
    },
    async ({ error }) => {
      await persistently(() => endHold(docker, asked.caddy));
      return new Refusal(
        `postgres was not replaced: ${complaint(error)}\nThe requests go where they went before.\nNext: run the same again.`,
      );
    },
  );
});

function held(): string {
  return JSON.stringify({ held: new Date().toISOString() });
}

function needsJoining(container: RunningContainer, { back }: Request): boolean {
  return isUp(container) && WRITERS.includes(container.role) && container.networks?.includes(back) === false;
}

async function join(docker: DockerClient, { back }: Request, container: string): Promise<void> {
  await docker.run(["network", "connect", back, container]);
}

/** A database that does not answer is replaced all the same: perhaps that is what mends it. */
async function prepare(docker: DockerClient, { postgres }: Request): Promise<void> {
  await new Database(docker, postgres).query(CHECKPOINT, MAINTENANCE).catch((error: unknown) => {
    say(`the database cannot be prepared for its stop: ${complaint(error)}`);
  });
}

async function hold(docker: DockerClient, caddy: string): Promise<void> {
  const lasting = await lastingConnections(docker, caddy);
  await lasting.settled;
  await holdRequests(docker, caddy);
  await drained(docker, caddy, "api", lasting.connections);
  say("requests are held while postgres is replaced");
}
