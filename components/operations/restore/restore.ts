import { interimName, isOneOf, REPLACED_PREFIX, RESTORING, WRITERS } from "../../release/names";
import type { DockerClient } from "../../host/docker/client";
import { containersOf, foreign, inspectContainer, isUp, versionOf } from "../../host/docker/containers";
import type { BackupManifest } from "../../release/records/manifest";
import { type ReplacedComment } from "../../release/records/replaced";
import { consoleHealthcheck } from "../../host/docker/healthchecks";
import { UNROUTED } from "../../host/routing/files";
import { Database } from "../../host/database/database";
import { databases, swapDatabases, mustBeFree } from "../../host/database/swap";
import { withAdvisoryLock } from "../../host/database/advisory-lock";
import { causeOfDeath, waitUntilHealthy } from "../../host/docker/health";
import { together } from "../../host/interruption";
import { handOver } from "../../host/database/handover";
import { findImage, howToGet, identityIn } from "../../host/docker/images";
import { findReplaced, moment, replacedName } from "./replaced-databases";
import { restoreBeside } from "./restore-beside";
import { freezeWriters } from "../../host/routing/writers";
import { type Routes, Routing, whoServes } from "../../host/routing/routing";
import { mustBeRestorable } from "./pg-restore";
import { finishRestore, type Host, recoverRestore, type Restored, undoRestore } from "./recovery";
import { bootId, Progress, type RestoreState } from "./state";
import { Refusal, say } from "../../host/output";
import { siteOf } from "../../host/routing/endpoint";
import { createInterim, letGo, removeInterim, startWaiting } from "./interim";
import { findBackup } from "../../host/backups/selection";
import { persistently } from "../../host/undoing";
import { type Expectation, reach, verify } from "../../host/routing/verification";

/** A restore to make. */
interface RestoreRequest {
  readonly stack: string;
  /** The containers of the database and of the proxy. */
  readonly postgres: string;
  readonly caddy: string;
  /** Id of a backup; null brings a previous database back. */
  readonly backup: string | null;
  /** Name of the previous database, if no backup is named; undefined selects the newest. */
  readonly replaced: string | undefined;
  /** Tag of the release that will serve; undefined selects the release of the data. */
  readonly to?: string | undefined;
  /** Id of the image of each service, if it is another one than the backup names. */
  readonly images?: Readonly<Record<string, string>> | undefined;
  readonly confirmation?: string | undefined;
  /** Id of the backup of the live database, if one was taken for this restore. */
  readonly taken?: string | null | undefined;
  /** Seconds that the release may take to answer. */
  readonly timeoutSeconds: number;
  /** Closing line of a refusal; undefined for that of an update. */
  readonly next?: string;
}

/** The database that will become the live one. */
interface Incoming {
  readonly name: string;
  /** Tag of the release that its data belong to. */
  readonly version: string;
  /** Id of the image of each service of that release. */
  readonly images: Readonly<Record<string, string>>;
  readonly backup: BackupManifest | null;
}

/** Pause between two checks, while requests wait. */
const POLL_MS = 100;
/**
 * Time limit for the api. Requests wait, and the api has run on these data before: if it takes longer, it will not
 * start.
 */
const API_SECONDS = 60;
/** Time limit for the console, whose healthcheck needs no database. */
const CONSOLE_SECONDS = 60;

/**
 * Rolls data and code back together. The data are restored beside the live database, which serves meanwhile, and a
 * temporary container of their release is started and waits. Then requests are held: those in flight are answered, the
 * api is frozen, the two databases swap their names, and the waiting container receives the requests. The old
 * containers stop afterwards. A failure before the requests are sent there is undone: the old release serves again, on
 * its own data. After a kill at any moment, the next run undoes or finishes the restore.
 */
export async function restore(docker: DockerClient, request: RestoreRequest, signal: AbortSignal): Promise<Restored> {
  const { stack, postgres, caddy } = request;
  const host: Host = { stack, caddy, docker, database: new Database(docker, postgres) };
  await host.database.mustRun();
  return withAdvisoryLock(host.database, "restore", async () => {
    await recoverRestore(host);
    const incoming = await find(host, request, signal);
    const progress = await begin(host, request, incoming);
    try {
      if (incoming.backup) await restoreBeside(host.database, incoming.backup, signal);
      // The database may have been replaced when the application still worked as the superuser.
      else await handOver(host.database, incoming.name);
      const ready = await prepare(host, request, progress.state, signal);
      const held = await hold(host, progress);
      signal.throwIfAborted();
      await takeOver(host, progress, ready, signal);
      signal.throwIfAborted();
      const { before, after } = progress.state;
      await persistently(() => Routing.of(docker, caddy).switchTo(after, before));
      await progress.enter("serving", { heldSeconds: (Date.now() - held) / 1000 });
    } catch (error) {
      throw await undoRestore(host, progress.state, signal.aborted ? signal.reason : error, request.next);
    }
    return finishRestore(host, progress.state);
  });
}

/** Finds the database that will become live, before anything is touched. */
async function find({ database, docker }: Host, request: RestoreRequest, signal: AbortSignal): Promise<Incoming> {
  const incoming =
    request.backup === null
      ? { ...(await findReplaced(database, request.replaced)), backup: null }
      : await ofBackup(database, request.backup);
  const { version, backup } = incoming;
  await mustBeFree(database);
  if (request.to !== undefined && request.to !== version)
    throw new Refusal(`${backup?.id ?? incoming.name} belongs to ${version}, not to ${request.to}, which should serve`);
  if (backup) await mustBeRestorable(database, backup, signal);
  const images = { ...incoming.images, ...request.images };
  for (const role of new Set(["api", "console", ...Object.keys(images)])) {
    const recorded = request.images?.[role] === undefined ? incoming.backup?.digests : undefined;
    const wanted = identityIn({ images, digests: recorded }, role);
    const found = wanted && (await findImage(docker, wanted));
    if (found !== undefined) images[role] = found;
    else if (role === "api" || role === "console")
      throw new Refusal(
        `the ${role} image of ${version} (${wanted?.id ?? "unknown"}) is not on the Docker host any more${wanted ? `: ${howToGet(wanted)}` : ""}`,
      );
  }
  return { ...incoming, images };
}

async function ofBackup(database: Database, id: string): Promise<Incoming> {
  const backup = await findBackup(database, id);
  return { name: RESTORING, version: backup.version, images: backup.images, backup };
}

async function begin(host: Host, request: RestoreRequest, incoming: Incoming): Promise<Progress> {
  const { docker, database, stack, caddy } = host;
  const before = whoServes(await Routing.of(docker, caddy).state());
  const from = await versionOf(docker, before.api);
  if (from === undefined && before.api !== UNROUTED)
    throw new Refusal(`${before.api}, which should receive the requests, does not exist any more`);
  const others = await foreign(docker, stack, Object.values(before));
  if (others.length > 0)
    throw new Refusal(`${others.join(", ")} receives the requests, and does not belong to the stack ${stack}`);
  const now = await moment(docker);
  const replaced = replacedName(now, await databases(database));
  const interim = (role: string) => interimName({ stack, moment: replaced.slice(REPLACED_PREFIX.length), role });
  return Progress.begin(database, stack, {
    step: "restoring",
    backup: incoming.backup?.id ?? null,
    from: from ?? null,
    to: incoming.version,
    incoming: incoming.name,
    replaced,
    before,
    ...placesTaken(before, from, incoming.version, interim),
    boot: await bootId(database),
    images: incoming.images,
    confirmation: request.confirmation,
    taken: request.taken ?? undefined,
    started: now.toISOString(),
  });
}

/**
 * Names the containers that will serve. If only the data are replaced, a temporary api serves until the api has been
 * started anew, and the console stays.
 */
function placesTaken(
  before: Routes,
  from: string | undefined,
  to: string,
  interim: (role: string) => string,
): Pick<RestoreState, "after" | "interims"> {
  if (from === undefined) return { after: before, interims: [] };
  const api = interim("api");
  if (from === to) return { after: { api, console: before.console }, interims: [api] };
  const console = interim("console");
  return { after: { api, console }, interims: [api, console, interim("worker")] };
}

/** What is prepared before requests are held. */
interface Ready {
  /** Where and how the release must answer; undefined if no release runs. */
  readonly expected: Expectation | undefined;
  /** The comment of the database that will be replaced. */
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
  const expected = after.api === UNROUTED ? undefined : await siteOf(host.docker, host.caddy, before.api, to, patience);
  if (expected !== undefined) {
    await makeInterims(host, state, signal);
    await reach(expected, host.docker);
  }
  await mustBeFree(host.database);
  signal.throwIfAborted();
  return {
    expected,
    comment: {
      version: from ?? to,
      restored: state.backup,
      images: await servedBy(host, before.api, before.console),
    },
  };
}

/** Creates the temporary containers. Only the console works at once; the others wait, because they would write. */
async function makeInterims({ docker, stack }: Host, state: RestoreState, signal: AbortSignal): Promise<void> {
  const { before, after, from, images, to: version, interims } = state;
  const containers = await containersOf(docker, stack);
  const own = from === version ? containers.find(({ name }) => name === before.api)?.imageId : undefined;
  const make = (name: string, like: string, role: string, waits = false) =>
    createInterim(docker, { name, like, imageId: own ?? images[role] ?? images["api"] ?? "", version, waits });
  await make(after.api, before.api, "api", true);
  if (!(await startWaiting(docker, after.api))) {
    await removeInterim(docker, after.api);
    await make(after.api, before.api, "api");
  }
  if (after.console === before.console) return;
  await make(after.console, before.console, "console");
  const worker = containers.find(({ role }) => role === "worker");
  if (worker) await make(interims.at(-1) ?? "", worker.name, "worker");
  await docker.run(["start", after.console]);
  const asked = { container: after.console, probe: consoleHealthcheck.test };
  const refusal = await waitUntilHealthy(docker, asked, { timeoutSeconds: CONSOLE_SECONDS, signal });
  if (refusal !== undefined) throw new Refusal(`the console of ${version} is not healthy: ${refusal}`);
  say(`${version} is ready: ${after.console} runs, ${after.api} waits for its data`);
}

/** Holds the requests, and freezes api and workers. Gives the time since which requests wait. */
async function hold({ docker, caddy, stack }: Host, progress: Progress): Promise<number> {
  await progress.enter("exchanging");
  const { interims } = progress.state;
  const writers = (await containersOf(docker, stack)).filter(
    (container) => isUp(container) && isOneOf(WRITERS, container.role) && !interims.includes(container.name),
  );
  return freezeWriters(docker, Routing.of(docker, caddy), writers);
}

/**
 * Swaps the two databases, and checks that the release works on its data before requests of users are sent there. The step
 * is written to the disk at the same time, because the start of the release takes longer.
 */
async function takeOver(host: Host, progress: Progress, ready: Ready, signal: AbortSignal): Promise<void> {
  const { after, incoming, replaced } = progress.state;
  const comment = { ...ready.comment, replacedAt: new Date().toISOString() };
  await swapDatabases(host.database, incoming, replaced, comment);
  // If one fails, the other stops: it must not repeat what is then undone.
  await together(
    signal,
    () => progress.enter("opening"),
    (either) => open(host, after, ready.expected, either),
  );
}

async function open(
  { docker, caddy }: Host,
  after: Routes,
  expected: Expectation | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (expected === undefined) return;
  await letGo(docker, after.api);
  const candidate = await Routing.of(docker, caddy).setCandidates(after);
  const death = async () => {
    signal.throwIfAborted();
    const why = causeOfDeath(await inspectContainer(docker, after.api));
    return why && `${after.api} does not start: ${why}`;
  };
  await verify({ ...expected, candidate, holdSeconds: 0, pauseMs: POLL_MS, death }, docker);
}

/** Gives the id of the image of each service that runs of a release; without a worker, there is none for `worker`. */
async function servedBy({ docker, stack }: Host, api: string, console: string): Promise<Record<string, string>> {
  const containers = await containersOf(docker, stack);
  const version = containers.find(({ name }) => name === api)?.version;
  const worker = containers.find((container) => container.role === "worker" && container.version === version);
  const serving = containers.filter((container) => [api, console, worker?.name].includes(container.name));
  return Object.fromEntries(serving.map(({ role, imageId }) => [role, imageId]));
}
