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

/** Seconds that an api may take to come back on its data; another one serves meanwhile. */
const HOME_SECONDS = 60;

/** Where a restore is done. */
export interface Host {
  readonly stack: string;
  readonly caddy: string;
  readonly docker: DockerClient;
  readonly database: Database;
}

/** What came of a restore. */
export interface Restored {
  readonly version: string;
  /** The name under which the database from before is kept. */
  readonly replaced: string;
  /** Rows per table that it has and the restored one has not. */
  readonly lost: Record<string, number>;
  /** Seconds that requests were held, by the name that it has where it is printed and written. */
  readonly holdSeconds: number;
}

/** Ends what a killed run has begun. It is taken back if the restored data did not serve yet, and else finished. */
export async function recoverRestore(host: Host): Promise<void> {
  const { docker, caddy, database, stack } = host;
  const state = await readState(database, stack);
  if (state === undefined) {
    // One that is found without a state was left by a killed run, and has no data of users.
    if ((await databases(database)).includes(RESTORING)) {
      await dropDatabase(database, RESTORING);
      await removeLoader(database);
    }
    return;
  }
  say(`a restore of ${state.backup ?? state.incoming}, begun ${state.started}, was killed (${state.step})`);
  // Only the restore itself sends them to the container that it has made.
  const sent = state.step === "opening" && (await goesTo(docker, caddy)) === state.after.api;
  if (state.step === "serving" || (sent && hasInterims(state))) await finishRestore(host, state);
  else await persistently(() => takeRestoreBack(host, state));
}

/** The container that takes the requests of the api; undefined where there is no proxy. */
async function goesTo(docker: DockerClient, caddy: string): Promise<string | undefined> {
  return (await Routing.of(docker, caddy).stateIfRunning())?.active.api;
}

/** Takes back what has been done, and writes that into the history. Gives the refusal, for the caller to throw. */
export async function undoRestore(host: Host, state: RestoreState, error: unknown, next: string): Promise<Refusal> {
  const why = reasonOf(error);
  const words = await lastWords(host.docker, hasInterims(state) ? state.after.api : undefined);
  const hint = writableAgain({ stack: host.stack, role: "api", words });
  if (hint.length > 0)
    hint.push(
      `What a restore makes has the file system of what serves now: first \`${up(host.stack)}\` with that alone.`,
    );
  const outcome = await persistently(async () => {
    // What is on the disk may say more than was done.
    if (state.step !== "restoring") await writeState(host.database, host.stack, { ...state, step: "exchanging" });
    await takeRestoreBack(host, { ...state, step: "exchanging" });
  }).then(
    () => `The restore failed, ${state.from ?? "what ran before"} serves again on its own data.`,
    (failure: unknown) =>
      `The restore failed, and taking it back failed too (${complaint(failure)}): \`${up(host.stack)}\`, or ${script({ name: "restore", stack: host.stack, host: host.docker.host, options: ["--recover"] })}, tries again.`,
  );
  await appendHistory(host.database, { ...entryOf(state), verdict: "failed", reason: why }).catch(
    (failure: unknown) => {
      say(`The history could not be written: ${complaint(failure)}`);
    },
  );
  return report(host.docker, {
    stack: host.stack,
    lines: [`${named(state)} failed: ${why}`, ...words, ...hint, outcome],
    next,
  });
}

/** Names the restore as an operator calls it. */
function named(state: RestoreState): string {
  const { to } = state;
  const kind = kindOf(state);
  if (kind === "undo") return `The undo, back to ${to},`;
  return kind === "restore" ? `The restore of the data of ${to}` : `The rollback to ${to}`;
}

/**
 * Every step may have been done already, by a run that was killed in the middle of this one. The databases come first:
 * without a proxy nothing else can be done, and the next update makes one.
 */
async function takeRestoreBack(host: Host, state: RestoreState): Promise<void> {
  const { docker, database, caddy, stack } = host;
  const { incoming, replaced, interims } = state;
  await admit(database, [DATABASE, incoming, replaced]);
  const target = await goesTo(docker, caddy);
  const swapped = (await databases(database)).includes(replaced);
  // Half-way, no container takes the requests. Where one does, a person has sent them there.
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

/** A host that has lost its power may have lost to which container the proxy sent the requests. */
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
 * The restored data serve: what is left is to end what served before, to count, and to write it down. Every step may
 * have been done already, and Docker may fail in the middle: it is done again until it is done.
 */
export async function finishRestore(host: Host, state: RestoreState): Promise<Restored> {
  try {
    return await persistently(() => finish(host, state));
  } catch (error) {
    throw await report(host.docker, {
      stack: host.stack,
      lines: [
        `${state.to} serves the restored data; what the restore has left could not be cleared away: ${reasonOf(error)}`,
      ],
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
    `the database from before is kept as ${replaced}; ${script({ name: "restore", stack, host: docker.host, options: ["--undo"] })} brings it back`,
  );
  return { version, replaced, lost, holdSeconds: heldSeconds };
}

/** A backup that is gone or broken by now leaves the rows uncounted; any other failure is one of this attempt. */
function withoutBackup(error: unknown): undefined {
  if (!(error instanceof Refusal)) throw error;
}

/** The other release stays where it is until the next update makes containers that its state knows. */
async function settleIn({ docker, caddy, stack }: Host, { before, after, interims }: RestoreState): Promise<void> {
  for (const name of [after.api, after.console]) await unlessGone(docker.run(["start", name]));
  await Routing.of(docker, caddy).settle(after);
  await endFrozen(docker, stack);
  if (interims.length === 0) return;
  await unlessGone(docker.run(["stop", before.console]));
  await unlessGone(docker.run(["start", interims.at(-1) ?? ""])); // a stack may have no workers
}

/**
 * Where the data alone were replaced, the api that stood still starts anew, on them, and takes its place again, while the
 * other one serves: the state knows it.
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
    if (refusal !== undefined) throw new Refusal(`${before.api} does not come back: ${refusal}`);
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
