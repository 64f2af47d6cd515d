import type { DockerClient } from "../../components/docker/client";
import { complaint, type Database } from "./database";
import { databases, exchangeBack } from "./exchange";
import { lastWords } from "./last-words";
import { runningNow } from "./containers";
import { operator } from "./exclusion";
import { appendHistory, type HistoryEntry, readHistory } from "./history";
import { RESTORING } from "./incoming";
import { lossOf } from "./loss";
import { forget, takeBack } from "./paused";
import { forgetBefore, sendBack, withdraw, writePointers } from "./pointers";
import { dropDatabase } from "./restoration";
import { clearState, readState, type RestoreState } from "./restore-state";
import { indented, NEXT, Refusal, say } from "./run";
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
  const words = await lastWords(host.docker, state.after.api === state.before.api ? undefined : state.after.api);
  const why = complaint(error);
  const outcome = await takeRestoreBack(host, state).then(
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
      ...(words === "" ? [] : [`Last lines of its log:`, indented(words)]),
      outcome,
      "What runs now:",
      await runningNow(host.docker, host.stack).catch(() => "  unknown"),
      NEXT,
    ].join("\n"),
  );
}

/** Every step may have been done already, by a run that was killed in the middle of this one. */
async function takeRestoreBack(host: Host, state: RestoreState): Promise<void> {
  const { docker, database, caddy, stack } = host;
  const { incoming, replaced, standIns } = state;
  await withdraw(docker, caddy);
  for (const name of standIns) await removeStandIn(docker, name);
  await exchangeBack(database, incoming, replaced);
  const started = await takeBack(docker, caddy, stack);
  await sendBack(docker, caddy);
  if (started.length > 0) say(`${started.join(", ")} started again`);
  if (incoming === RESTORING) await dropDatabase(database, RESTORING);
  await clearState(database);
}

/** The restored data serve: what is left is to send the requests there, to count, and to write it down. */
export async function finishRestore(host: Host, state: RestoreState): Promise<Restored> {
  const { docker, database, caddy, stack } = host;
  const { before, after, standIns, replaced, to: version, holdSeconds = 0 } = state;
  await writePointers(docker, caddy, after);
  await withdraw(docker, caddy);
  await forgetBefore(docker, caddy);
  if (standIns.length > 0) {
    await forget(docker, caddy);
    await docker.run(["stop", before.console]);
    await startIfThere(docker, standIns.at(-1) ?? "");
  } else {
    await takeBack(docker, caddy, stack);
  }
  const manifest = state.backup === null ? undefined : await findBackup(database, state.backup).catch(() => undefined);
  const lost = await lossOf(database, replaced, manifest?.rows);
  if (!(await readHistory(database)).some((entry) => entry.replaced === replaced && entry.verdict !== "failed"))
    await appendHistory(database, { ...entryOf(state), lost, holdSeconds });
  await clearState(database);
  say(`${version} serves the restored data; requests waited ${holdSeconds.toFixed(1)} s`);
  say(`the database from before is kept as ${replaced}; scripts/restore.sh --stack ${stack} --undo brings it back`);
  return { version, replaced, lost, holdSeconds };
}

async function startIfThere(docker: DockerClient, name: string): Promise<void> {
  await docker.run(["start", name]).catch((error: unknown) => {
    if (!/no such container/i.test(complaint(error))) throw error; // a stack may have no workers
  });
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
