import type { DockerClient } from "../../components/docker/client";
import { NOBODY } from "../../components/services/upstream";
import { complaint, type Database } from "./database";
import { databases, exchangeBack, keepAs } from "./exchange";
import { lastWords } from "./last-words";
import { runningNow } from "./containers";
import { operator } from "./exclusion";
import { appendHistory, type HistoryEntry, readHistory } from "./history";
import { keptName, RESTORING } from "./incoming";
import { lossOf } from "./loss";
import { forget, resumeRelease, runs, takeBack } from "./paused";
import { forgetBefore, readPointers, sendBack, withdraw, writePointers } from "./pointers";
import { unlessGone } from "./removal";
import { dropDatabase } from "./restoration";
import { clearState, readState, type RestoreState, writeState } from "./restore-state";
import { NEXT, Refusal, say, sleep } from "./run";
import { removeStandIn } from "./stand-in";
import { findBackup } from "./store";

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
  /** Seconds that requests have waited. */
  readonly holdSeconds: number;
}

/** Ends what a killed run has begun: before the restored data served it is taken back, afterwards it is finished. */
export async function recoverRestore(host: Host): Promise<void> {
  const state = await readState(host.database);
  if (state === undefined) {
    if ((await databases(host.database)).includes(RESTORING)) await dropDatabase(host.database, RESTORING);
    return;
  }
  say(`a restore of ${state.backup ?? state.incoming}, begun ${state.started}, was killed (${state.step})`);
  if (state.step === "serving") await finishRestore(host, state);
  else await takeRestoreBack(host, state);
}

/** Takes back what has been done, tells of it and keeps it in the history. Gives the refusal, for the caller to throw. */
export async function undoRestore(host: Host, state: RestoreState, error: unknown): Promise<Refusal> {
  const why = complaint(error);
  const words = await lastWords(host.docker, standsIn(state) ? state.after.api : undefined);
  const outcome = await persistently(async () => {
    // What is on the disk may say more than was done.
    if (state.step !== "restoring") await writeState(host.database, { ...state, step: "exchanging" });
    await takeRestoreBack(host, state);
  }).then(
    () => `The restore failed, ${state.from ?? "what ran before"} serves again on its own data.`,
    (failure: unknown) =>
      `The restore failed, and taking it back failed too (${complaint(failure)}): \`pulumi up\`, or scripts/restore.sh --recover, tries again.`,
  );
  await appendHistory(host.database, { ...entryOf(state), verdict: "failed", reason: why }).catch(
    (failure: unknown) => {
      say(`The history could not be written: ${complaint(failure)}`);
    },
  );
  return new Refusal(
    [
      `The rollback to ${state.to} failed: ${why}.`,
      ...words,
      outcome,
      "What runs now:",
      await runningNow(host.docker, host.stack).catch(() => "  unknown"),
      NEXT,
    ].join("\n"),
  );
}

/** The engine that has just failed may be on its way back. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 2000;

/** Work of which every step can be done again, until it is done: requests wait for it. */
async function persistently(work: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      say(`${complaint(error)}; trying again …`);
      await sleep(PAUSE_MS);
    }
  }
}

/**
 * Every step may have been done already, by a run that was killed in the middle of this one. The databases come first:
 * without a proxy nothing else can be done, and the next update makes one.
 */
async function takeRestoreBack(host: Host, state: RestoreState): Promise<void> {
  const { docker, database, caddy, stack } = host;
  const { incoming, replaced, standIns } = state;
  const proxied = await runs(docker, caddy);
  const exchanged = (await databases(database)).includes(replaced);
  // Half-way, requests go to nobody. Where they go to somebody, a person has sent them there.
  const used = exchanged && (!proxied || (await readPointers(docker, caddy)).api !== NOBODY);
  for (const name of standIns) await removeStandIn(docker, name);
  if (exchanged) await exchangeBack(database, incoming, replaced);
  if (incoming === RESTORING) {
    if (used) await keepUsed(database, state);
    else await dropDatabase(database, RESTORING);
  }
  if (proxied) {
    await withdraw(docker, caddy);
    const started = await takeBack(docker, caddy, stack);
    await sendBack(docker, caddy);
    if (started.length > 0) say(`${started.join(", ")} started again`);
  }
  await clearState(database);
}

/** Somebody may have written to it. */
async function keepUsed(database: Database, { to, images }: RestoreState): Promise<void> {
  const name = keptName(new Date(), await databases(database));
  await keepAs(database, RESTORING, name, { version: to, replacedAt: new Date().toISOString(), images });
  say(`users may have written to the restored database: it is kept as ${name}`);
}

/** The restored data serve: what is left is to send the requests there, to count, and to write it down. */
export async function finishRestore(host: Host, state: RestoreState): Promise<Restored> {
  const { docker, database, caddy, stack } = host;
  const { before, after, standIns, replaced, to: version, holdSeconds = 0 } = state;
  for (const name of [after.api, after.console]) await unlessGone(docker.run(["start", name]));
  await writePointers(docker, caddy, after);
  await withdraw(docker, caddy);
  await forgetBefore(docker, caddy);
  if (standsIn(state)) {
    await unlessGone(docker.run(["stop", before.console]));
    await unlessGone(docker.run(["start", standIns.at(-1) ?? ""])); // a stack may have no workers
  } else {
    await resumeRelease(docker, caddy, stack, version);
  }
  await forget(docker, caddy);
  const manifest = state.backup === null ? undefined : await findBackup(database, state.backup).catch(() => undefined);
  const lost = await lossOf(database, replaced, manifest?.rows);
  if (!(await readHistory(database)).some((entry) => entry.replaced === replaced && entry.verdict !== "failed"))
    await appendHistory(database, { ...entryOf(state), lost, holdSeconds });
  await clearState(database);
  say(`${version} serves the restored data; requests waited ${holdSeconds.toFixed(1)} s`);
  say(`the database from before is kept as ${replaced}; scripts/restore.sh --stack ${stack} --undo brings it back`);
  return { version, replaced, lost, holdSeconds };
}

function standsIn({ standIns }: RestoreState): boolean {
  return standIns.length > 0;
}

function entryOf(state: RestoreState): HistoryEntry {
  const same = state.from === state.to;
  return {
    at: new Date().toISOString(),
    operator: operator(),
    from: state.from,
    to: state.to,
    kind: state.backup === null ? "undo" : same ? "restore" : "rollback",
    backup: state.backup,
    migrations: [],
    digests: state.images,
    seconds: Math.round((Date.now() - Date.parse(state.started)) / 1000),
    verdict: state.backup === null || same ? "restored" : "rolled back",
    replaced: state.replaced,
    ...(state.backup !== null && { restored: state.backup }),
    ...(state.confirmation !== undefined && { confirmation: state.confirmation }),
  };
}
