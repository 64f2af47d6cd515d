import type { DockerClient } from "../../components/docker/client";
import { containersOf, isUp } from "../../components/host/containers";
import { REPLACED_PREFIX, type ReplacedComment } from "../../components/release/replaced";
import { consoleHealthcheck } from "../../components/services/healthchecks";
import { standInName } from "../../components/services/stand-in";
import { NOBODY } from "../../components/services/upstream";
import { inspectContainer, versionOf } from "./containers";
import { Database } from "./database";
import { databases, exchange } from "./exchange";
import { exclusively } from "./exclusion";
import { causeOfDeath, waitUntilHealthy } from "./health";
import { findKept, type Incoming, keptName, RESTORING, restoreBeside } from "./incoming";
import { stopWriters, WRITERS } from "./paused";
import { nominate, readServing } from "./pointers";
import { mustBeRestorable } from "./restoration";
import { finishRestore, type Host, recoverRestore, type Restored, undoRestore } from "./restore-recovery";
import { type RestoreState, writeState } from "./restore-state";
import { Refusal, say } from "./run";
import { siteOf } from "./site";
import { createStandIn } from "./stand-in";
import { findBackup } from "./store";
import { type Expectation, verify } from "./verification";

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
/** Requests wait, and its data are those that it has had: whatever takes longer will not come. */
const API_SECONDS = 60;
/** It needs no database to answer its own healthcheck. */
const CONSOLE_SECONDS = 60;

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
      const ready = await prepare(host, request, state, signal);
      const held = await stopAll(host, state);
      signal.throwIfAborted();
      await takeOver(host, state, ready, signal);
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
  const before = await readServing(docker, caddy);
  const from = await versionOf(docker, before.api);
  if (from === undefined && before.api !== NOBODY) throw new Refusal(`${before.api}, which is to serve, is gone`);
  const now = new Date();
  const replaced = keptName(now, await databases(database));
  const standIn = (role: string) => standInName(`nestfleet-${stack}`, replaced.slice(REPLACED_PREFIX.length), role);
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

/** What is found out before requests wait for it. */
interface Ready {
  /** Where and how the release must answer; undefined where none is there to answer. */
  readonly expected: Expectation | undefined;
  /** What the database that is replaced will say of itself. */
  readonly comment: Omit<ReplacedComment, "replacedAt">;
}

async function prepare(
  host: Host,
  { timeoutSeconds }: RestoreRequest,
  state: RestoreState,
  signal: AbortSignal,
): Promise<Ready> {
  const { before, after, from, to } = state;
  const patience = Math.min(timeoutSeconds, API_SECONDS);
  if (state.standIns.length > 0) await makeStandIns(host, state, signal);
  signal.throwIfAborted();
  return {
    expected: after.api === NOBODY ? undefined : await siteOf(host.docker, host.caddy, after.api, to, patience),
    comment: {
      version: from ?? to,
      restored: state.backup,
      images: await servedBy(host, before.api, before.console),
    },
  };
}

/** Containers of the other release: all but the console only created, because they would write. */
async function makeStandIns({ docker, stack }: Host, state: RestoreState, signal: AbortSignal): Promise<void> {
  const { before, after, images, to: version, standIns } = state;
  const make = (name: string, like: string, role: string) =>
    createStandIn(docker, { name, like, imageId: images[role] ?? images["api"] ?? "", version });
  await make(after.api, before.api, "api");
  await make(after.console, before.console, "console");
  const worker = (await containersOf(docker, stack)).find(({ role }) => role === "worker");
  if (worker) await make(standIns.at(-1) ?? "", worker.name, "worker");
  await docker.run(["start", after.console]);
  const asked = { container: after.console, probe: consoleHealthcheck.test };
  const refusal = await waitUntilHealthy(docker, asked, CONSOLE_SECONDS, { signal });
  if (refusal !== undefined) throw new Refusal(`the console of ${version} is not healthy: ${refusal}`);
  say(`${version} is ready: ${after.console} runs, ${after.api} waits for its data`);
}

/** Returns since when requests wait. */
async function stopAll({ docker, database, caddy, stack }: Host, state: RestoreState): Promise<number> {
  state.step = "exchanging";
  await writeState(database, state);
  const writers = (await containersOf(docker, stack)).filter(
    (container) => isUp(container) && WRITERS.includes(container.role),
  );
  return stopWriters(docker, caddy, writers);
}

/** The two databases change names, and the release is seen working on its data before anybody is sent there. */
async function takeOver(host: Host, state: RestoreState, ready: Ready, signal: AbortSignal): Promise<void> {
  const { docker, database, caddy } = host;
  const { after, incoming, replaced } = state;
  await exchange(database, incoming, replaced, { ...ready.comment, replacedAt: new Date().toISOString() });
  if (ready.expected === undefined) return;
  await docker.run(["start", after.api]);
  await nominate(docker, caddy, after);
  const death = async () => {
    signal.throwIfAborted();
    const why = causeOfDeath(await inspectContainer(docker, after.api));
    return why && `${after.api} does not start: ${why}`;
  };
  await verify({ ...ready.expected, candidate: true, holdSeconds: 0, pauseMs: POLL_MS, death }, docker);
}

/** Id of the image behind each service of a release: a worker has the one of its api, unless there is a worker. */
async function servedBy({ docker, stack }: Host, api: string, console: string): Promise<Record<string, string>> {
  const containers = await containersOf(docker, stack);
  const version = containers.find(({ name }) => name === api)?.version;
  const worker = containers.find((container) => container.role === "worker" && container.version === version);
  const serving = containers.filter((container) => [api, console, worker?.name].includes(container.name));
  return Object.fromEntries(serving.map(({ role, imageId }) => [role, imageId]));
}
