import { DATABASE, RESTORING } from "../../release/names";
import type { DockerClient } from "../../host/docker/client";
import { containersOf, inspectContainer } from "../../host/docker/containers";
import { script, up } from "../../release/commands";
import { apiHealthcheck } from "../../host/docker/healthchecks";
import { UNROUTED } from "../../host/routing/files";
import { complaint, type Database } from "../../host/database/database";
import { admit, databases, swapBack, keepReplaced, restoreComment } from "../../host/database/swap";
import { lastWords } from "../../host/docker/log-tail";
import { writableAgain } from "../../host/docker/read-only";
import { operator } from "../../host/identity";
import { end, isFrozen, thaw } from "../../host/docker/freezing";
import { waitUntilHealthy } from "../../host/docker/health";
import { appendHistory, readHistory } from "../../host/backups/history";
import type { HistoryEntry } from "../../release/records/history";
import { replacedName, moment } from "./replaced-databases";
import { lostRows } from "./lost-rows";
import { Routing } from "../../host/routing/routing";
import { restartPrevious, restartStoppedOf } from "../../host/routing/writers";
import { removeContainer } from "../../host/docker/removal";
import { unlessGone } from "../../host/docker/errors";
import { dropDatabase } from "../../host/database/scratch";
import { removeLoader } from "../../host/database/loader";
import { reasonOf, report } from "../../host/report";
import { bootId, clearState, readState, type RestoreState, writeState } from "./state";
import { Refusal, say } from "../../host/output";
import { removeInterim } from "./interim";
import { findBackup } from "../../host/backups/selection";
import { persistently } from "../../host/undoing";

/** Seconds that an api may take to start again on its data; a temporary container serves meanwhile. */
const HOME_SECONDS = 60;

/** The stack that a restore works on. */
export interface Host {
  readonly stack: string;
  readonly caddy: string;
  readonly docker: DockerClient;
  readonly database: Database;
}

/** The outcome of a restore. */
export interface Restored {
  readonly version: string;
  /** The name under which the previous database is kept. */
  readonly replaced: string;
  /** Rows per table that the previous database has and the restored one does not have. */
  readonly lost: Record<string, number>;
  /** Seconds for which requests were held, under the name that output and history have. */
  readonly holdSeconds: number;
}

/** Undoes a restore that was killed, or finishes it if the restored data serve already. */
export async function recoverRestore(host: Host): Promise<void> {
  const { docker, caddy, database, stack } = host;
  const state = await readState(database, stack);
  if (state === undefined) {
    // A database of this name without a state was left by a killed run, and has no data of users.
    if ((await databases(database)).includes(RESTORING)) {
      await dropDatabase(database, RESTORING);
      await removeLoader(database);
    }
    return;
  }
  say(`a restore of ${state.backup ?? state.incoming}, begun ${state.started}, was killed (${state.step})`);
  // Only a restore sends requests to its temporary container.
  const sent = state.step === "opening" && (await goesTo(docker, caddy)) === state.after.api;
  if (state.step === "serving" || (sent && hasInterims(state))) await finishRestore(host, state);
  else await persistently(() => takeRestoreBack(host, state));
}

/** Gives the container that receives the requests of the api; undefined if no proxy runs. */
async function goesTo(docker: DockerClient, caddy: string): Promise<string | undefined> {
  return (await Routing.of(docker, caddy).stateIfRunning())?.active.api;
}

/**
 * Undoes a failed restore, and writes the failure into the history. Gives the refusal, for the caller to throw; `next` is
 * its closing line, if it is not that of an update.
 */
export async function undoRestore(host: Host, state: RestoreState, error: unknown, next?: string): Promise<Refusal> {
  const why = reasonOf(error);
  const words = await lastWords(host.docker, hasInterims(state) ? state.after.api : undefined);
  const hint = writableAgain({ stack: host.stack, role: "api", words });
  if (hint.length > 0)
    hint.push(
      `Temporary containers have the file system of the running ones: first run \`${up(host.stack)}\` with that setting and the version unchanged.`,
    );
  const outcome = await persistently(async () => {
    // The state on the disk may be ahead of what was done.
    if (state.step !== "restoring") await writeState(host.database, host.stack, { ...state, step: "exchanging" });
    await takeRestoreBack(host, { ...state, step: "exchanging" });
  }).then(
    () => `The restore failed, ${state.from ?? "what ran before"} serves again on its own data.`,
    (failure: unknown) =>
      `The restore failed, and undoing it failed too (${complaint(failure)}): \`${up(host.stack)}\`, or ${script({ name: "restore", stack: host.stack, host: host.docker.host, options: ["--recover"] })}, tries again.`,
  );
  await appendHistory(host.database, { ...entryOf(state), verdict: "failed", reason: why }).catch(
    (failure: unknown) => {
      say(`The history could not be written: ${complaint(failure)}`);
    },
  );
  return report(host.docker, {
    stack: host.stack,
    lines: [`${named(state)} failed: ${why}`, ...words, ...hint, outcome],
    change: state,
    next,
  });
}

/** Names the restore by its kind, for the report. */
function named(state: RestoreState): string {
  const { to } = state;
  const kind = kindOf(state);
  if (kind === "undo") return `The undo, back to ${to},`;
  return kind === "restore" ? `The restore of the data of ${to}` : `The rollback to ${to}`;
}

/**
 * Undoes a restore. Each step may have been done already, by a run that was killed in the middle of it. The databases come
 * first: they can be swapped back without a proxy, and the next update makes a proxy.
 */
async function takeRestoreBack(host: Host, state: RestoreState): Promise<void> {
  const { docker, database, caddy, stack } = host;
  const { incoming, replaced, interims } = state;
  await admit(database, [DATABASE, incoming, replaced]);
  const target = await goesTo(docker, caddy);
  const swapped = (await databases(database)).includes(replaced);
  // Between the swap and the cutover no container receives requests. If one does, a person has sent them there.
  const used = swapped && (target !== UNROUTED || (state.step === "opening" && (await hasRestarted(database, state))));
  for (const name of interims) await removeInterim(docker, name);
  if (swapped) await swapBack(database, incoming, replaced);
  if (incoming === RESTORING) {
    if (used) await keepUsed(database, state);
    else await dropDatabase(database, RESTORING);
  }
  if (target !== undefined) {
    const routing = Routing.of(docker, caddy);
    await routing.clearCandidates();
    const started = await restartPrevious(docker, routing, stack);
    await routing.routeBack();
    if (started.length > 0) say(`${started.join(", ")} started again`);
  }
  for (const { name } of (await containersOf(docker, stack)).filter(isFrozen)) await thaw(docker, name);
  await clearState(database);
}

/** True when the Docker host has restarted since: after a power failure the proxy may have lost its active upstreams. */
async function hasRestarted(database: Database, { boot }: RestoreState): Promise<boolean> {
  return boot !== undefined && boot !== (await bootId(database));
}

/** Keeps the restored database, because users may have written to it. */
async function keepUsed(database: Database, { to, images }: RestoreState): Promise<void> {
  const now = await moment(database.docker);
  const name = replacedName(now, await databases(database));
  await keepReplaced(database, RESTORING, name, { version: to, replacedAt: now.toISOString(), images });
  say(`users may have written to the restored database: it is kept as ${name}`);
}

/**
 * Finishes a restore whose data serve: ends the old containers, counts the lost rows, and writes the history. Each step may
 * have been done already, and Docker may fail in the middle: all steps are repeated until they succeed.
 */
export async function finishRestore(host: Host, state: RestoreState): Promise<Restored> {
  try {
    return await persistently(() => finish(host, state));
  } catch (error) {
    throw await report(host.docker, {
      stack: host.stack,
      lines: [`${state.to} serves the restored data, but the restore could not be finished: ${reasonOf(error)}`],
      next: `Next: ${script({ name: "restore", stack: host.stack, host: host.docker.host, options: ["--recover"] })}, or \`${up(host.stack)}\`, goes on with that.`,
    });
  }
}

async function finish(host: Host, state: RestoreState): Promise<Restored> {
  const { docker, database, caddy, stack } = host;
  const { replaced, to: version, heldSeconds = 0 } = state;
  if (state.from !== version) await settleIn(host, state);
  else if (hasInterims(state)) await comeHome(host, state);
  await Routing.of(docker, caddy).clearMarks();
  await restoreComment(database);
  const manifest = state.backup === null ? undefined : await findBackup(database, state.backup).catch(withoutBackup);
  const lost = await lostRows(database, replaced, manifest?.rows);
  if (!(await readHistory(database)).some((entry) => entry.replaced === replaced && entry.verdict !== "failed"))
    await appendHistory(database, { ...entryOf(state), lost, heldSeconds });
  await clearState(database);
  say(`${version} serves the restored data; requests waited ${heldSeconds.toFixed(1)} s`);
  say(
    `the previous database is kept as ${replaced}; ${script({ name: "restore", stack, host: docker.host, options: ["--undo"] })} brings it back`,
  );
  return { version, replaced, lost, holdSeconds: heldSeconds };
}

/**
 * Ignores a backup that is missing or broken by now: its rows are then counted in the live database. Throws any other
 * error.
 */
function withoutBackup(error: unknown): undefined {
  if (!(error instanceof Refusal)) throw error;
}

/**
 * Ends the old release. The temporary containers of the new one serve until the update creates containers for the
 * state.
 */
async function settleIn({ docker, caddy, stack }: Host, { before, after, interims }: RestoreState): Promise<void> {
  for (const name of [after.api, after.console]) await unlessGone(docker.run(["start", name]));
  await Routing.of(docker, caddy).settle(after);
  await endFrozen(docker, stack);
  if (interims.length === 0) return;
  await unlessGone(docker.run(["stop", before.console]));
  await unlessGone(docker.run(["start", interims.at(-1) ?? ""])); // a stack may have no workers
}

/**
 * Starts the frozen api anew on the restored data, if only the data were replaced, and sends the requests back to it: it is
 * in Pulumi's state. The temporary api serves meanwhile, and is then removed.
 */
async function comeHome({ docker, caddy, stack }: Host, { before, after, to }: RestoreState): Promise<void> {
  const routing = Routing.of(docker, caddy);
  const interim = await inspectContainer(docker, after.api);
  if (interim !== undefined) {
    if (interim.State.Running) await routing.settle(after);
    await endFrozen(docker, stack);
    await docker.run(["start", before.api]);
    const asked = { container: before.api, probe: apiHealthcheck.test };
    const refusal = await waitUntilHealthy(docker, asked, { timeoutSeconds: HOME_SECONDS });
    if (refusal !== undefined) throw new Refusal(`${before.api} does not start again: ${refusal}`);
    await routing.settle(before);
    await removeContainer(docker, after.api);
  }
  await restartStoppedOf(docker, routing, stack, to);
}

async function endFrozen(docker: DockerClient, stack: string): Promise<void> {
  for (const { name } of (await containersOf(docker, stack)).filter(isFrozen)) await end(docker, name);
}

function hasInterims({ interims }: RestoreState): boolean {
  return interims.length > 0;
}

function kindOf({ backup, from, to }: RestoreState): "undo" | "restore" | "rollback" {
  if (backup === null) return "undo";
  return from === to ? "restore" : "rollback";
}

function entryOf(state: RestoreState): HistoryEntry {
  const kind = kindOf(state);
  return {
    at: new Date().toISOString(),
    operator: operator(),
    from: state.from,
    to: state.to,
    kind,
    backup: state.taken ?? null,
    migrations: [],
    digests: state.images,
    seconds: Math.round((Date.now() - Date.parse(state.started)) / 1000),
    verdict: kind === "rollback" ? "rolled back" : "restored",
    replaced: state.replaced,
    ...(state.backup !== null && { restored: state.backup }),
    ...(state.confirmation !== undefined && { confirmation: state.confirmation }),
  };
}
