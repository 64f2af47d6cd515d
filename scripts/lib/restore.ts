import { consoleHealthcheck } from "../../components/services/healthchecks";
import { NOBODY } from "../../components/services/upstream";
import type { DockerClient } from "../../components/docker/client";
import { containersOf } from "../../components/host/containers";
import { inspectContainer, versionOf } from "./containers";
import { Database } from "./database";
import { exchange } from "./exchange";
import { exclusively } from "./exclusion";
import { causeOfDeath, waitUntilHealthy } from "./health";
import { findKept, type Incoming, keptName, RESTORING, restoreBeside } from "./incoming";
import { mustBeRestorable } from "./restoration";
import { stopWriters, WRITERS } from "./paused";
import { nominate, readBefore, readPointers } from "./pointers";
import { finishRestore, type Host, recoverRestore, type Restored, undoRestore } from "./restore-recovery";
import { type RestoreState, writeState } from "./restore-state";
import { Refusal, say, sleep } from "./run";
import { siteOf } from "./site";
import { createStandIn } from "./stand-in";
import { findBackup } from "./store";
import { verify } from "./verification";

export interface RestoreRequest {
  readonly stack: string;
  /** The containers of the database and of the proxy. */
  readonly postgres: string;
  readonly caddy: string;
  /** Id of a backup; null brings a kept database back: the one of that name, or the newest. */
  readonly backup: string | null;
  readonly kept?: string | undefined;
  /** Tag of the release that is to serve; undefined takes that of the data. */
  readonly to?: string | undefined;
  /** Id of the image of each service, where it is not the one that the backup names. */
  readonly images?: Readonly<Record<string, string>> | undefined;
  readonly confirmation?: string | undefined;
  /** Seconds that the release may take to answer. */
  readonly timeoutSeconds: number;
}

/** Requests wait meanwhile. */
const POLL_MS = 100;

/**
 * Takes data and code back together. The data are restored beside the live database, which serves meanwhile; then the
 * writers stop, the two databases change names, and a container of the release that the data are of takes the requests,
 * which Caddy has held. Whatever fails before that is undone: the release from before serves again, on its own data.
 * Killed at any moment, the next run takes back or finishes what it finds.
 */
export async function restore(docker: DockerClient, request: RestoreRequest, signal: AbortSignal): Promise<Restored> {
  const { stack, postgres, caddy } = request;
  const host: Host = { stack, caddy, docker, database: new Database(docker, postgres) };
  await host.database.mustRun();
  return exclusively(host.database, "restore", async () => {
    await recoverRestore(host);
    const incoming = await find(host, request, signal);
    const state = await begin(host, request, incoming);
    try {
      if (incoming.backup) await restoreBeside(host.database, incoming.backup, signal);
      await prepare(host, state, signal);
      const held = await stopAll(host, state);
      signal.throwIfAborted();
      await takeOver(host, request, state);
      signal.throwIfAborted();
      state.holdSeconds = (Date.now() - held) / 1000;
      state.step = "serving";
      await writeState(host.database, state);
    } catch (error) {
      throw await undoRestore(host, state, signal.aborted ? signal.reason : error);
    }
    return finishRestore(host, state);
  });
}

/** Nothing has been touched yet. */
async function find({ database, docker }: Host, request: RestoreRequest, signal: AbortSignal): Promise<Incoming> {
  const incoming =
    request.backup === null
      ? { ...(await findKept(database, request.kept)), backup: null }
      : await ofBackup(database, request.backup);
  const { version, backup } = incoming;
  if (request.to !== undefined && request.to !== version)
    throw new Refusal(`${backup?.id ?? incoming.name} is of ${version}, and ${request.to} is to serve`);
  if (backup) await mustBeRestorable(database, backup, signal);
  const images = { ...incoming.images, ...request.images };
  for (const role of ["api", "console"]) {
    const image = images[role];
    if (image === undefined || (await docker.inspect(image, "image")) === undefined)
      throw new Refusal(
        `the ${role} image of ${version} (${image ?? "unknown"}) is not on the Docker host any more: pull it first`,
      );
  }
  return { ...incoming, images };
}

async function ofBackup(database: Database, id: string): Promise<Incoming> {
  const backup = await findBackup(database, id);
  return { name: RESTORING, version: backup.version, images: backup.images, backup };
}

/** From here on a killed run is found by the next one. */
async function begin({ docker, database, stack, caddy }: Host, request: RestoreRequest, incoming: Incoming) {
  const before = (await readBefore(docker, caddy)) ?? (await readPointers(docker, caddy));
  const from = await versionOf(docker, before.api);
  if (from === undefined && before.api !== NOBODY) throw new Refusal(`${before.api}, which is to serve, is gone`);
  const now = new Date();
  const replaced = keptName(now);
  const standIn = (role: string) => `nestfleet-${stack}-restored-${replaced.slice(-16)}-${role}`;
  const same = from === incoming.version || from === undefined;
  const state: RestoreState = {
    step: "restoring",
    backup: incoming.backup?.id ?? null,
    from: from ?? null,
    to: incoming.version,
    incoming: incoming.name,
    replaced,
    before,
    after: same ? before : { api: standIn("api"), console: standIn("console") },
    standIns: same ? [] : [standIn("api"), standIn("console"), standIn("worker")],
    images: incoming.images,
    confirmation: request.confirmation,
    started: now.toISOString(),
  };
  await writeState(database, state);
  return state;
}

/** Containers of the other release: all but the console only created, because they would write. */
async function prepare({ docker, stack }: Host, state: RestoreState, signal: AbortSignal): Promise<void> {
  const { before, after, standIns, images, to: version } = state;
  const [api, console, worker] = standIns;
  if (api === undefined || console === undefined || worker === undefined) return;
  const imageOf = (role: string) => images[role] ?? images["api"] ?? "";
  await createStandIn(docker, { name: api, like: before.api, imageId: imageOf("api"), version });
  await createStandIn(docker, { name: console, like: before.console, imageId: imageOf("console"), version });
  const old = (await containersOf(docker, stack)).find(({ role }) => role === "worker");
  if (old) await createStandIn(docker, { name: worker, like: old.name, imageId: imageOf("worker"), version });
  await docker.run(["start", console]);
  const refusal = await waitUntilHealthy(docker, { container: console, probe: consoleHealthcheck.test }, 60);
  if (refusal !== undefined) throw new Refusal(`the console of ${version} is not healthy: ${refusal}`);
  signal.throwIfAborted();
  say(`${version} is ready: ${after.console} runs, ${after.api} waits for its data`);
}

/** Returns since when requests wait. */
async function stopAll({ docker, database, caddy, stack }: Host, state: RestoreState): Promise<number> {
  state.step = "exchanging";
  await writeState(database, state);
  const writers = (await containersOf(docker, stack)).filter(({ running, role }) => running && WRITERS.includes(role));
  return stopWriters(docker, caddy, writers);
}

/** The two databases change names, and the release is seen working on its data before anybody is sent there. */
async function takeOver(host: Host, { timeoutSeconds }: RestoreRequest, state: RestoreState): Promise<void> {
  const { docker, database, caddy } = host;
  const { from, to, before, after, incoming, replaced } = state;
  const images = await servedBy(host, before.api, before.console);
  await exchange(database, incoming, replaced, {
    version: from ?? to,
    replacedAt: new Date().toISOString(),
    restored: state.backup,
    images,
  });
  if (after.api === NOBODY) return;
  await docker.run(["start", after.api]);
  await nominate(docker, caddy, after);
  const expected = await siteOf(docker, caddy, after.api, to, timeoutSeconds);
  await Promise.race([
    verify({ ...expected, candidate: true, holdSeconds: 0, pauseMs: POLL_MS }, docker),
    death(docker, after.api),
  ]);
}

/** Id of the image behind each service of a release: a worker has the one of its api, unless there is a worker. */
async function servedBy({ docker, stack }: Host, api: string, console: string): Promise<Record<string, string>> {
  const containers = await containersOf(docker, stack);
  const version = containers.find(({ name }) => name === api)?.version;
  const worker = containers.find((container) => container.role === "worker" && container.version === version);
  const serving = containers.filter((container) => [api, console, worker?.name].includes(container.name));
  return Object.fromEntries(serving.map(({ role, imageId }) => [role, imageId]));
}

/** Rejects when the container dies; never ends otherwise. */
async function death(docker: DockerClient, name: string): Promise<never> {
  for (;;) {
    await sleep(5 * POLL_MS);
    const why = causeOfDeath(await inspectContainer(docker, name));
    if (why !== undefined) throw new Refusal(`${name} does not start: ${why}`);
  }
}
