import { complaint } from "./database/database";
import { interruptible } from "./interruption";
import { Refusal, say, sleep } from "./output";

/** Why work is undone. */
export interface Failure {
  readonly error: unknown;
  /** It was asked to stop (a signal, an engine that is gone): that says nothing about the release. */
  readonly stopped: boolean;
}

/**
 * Does work that must not stay half done. Whatever fails in it, a Docker command included, leads to the undoing, which
 * gives the report to throw. A signal aborts the work and leads there, too; every further one is only noted, so that none
 * ends the undoing in the middle.
 */
export async function undoing<T>(
  work: (signal: AbortSignal) => Promise<T>,
  undo: (failure: Failure) => Promise<Refusal>,
): Promise<T> {
  return interruptible(async (signal) => {
    try {
      return await work(signal);
    } catch (error) {
      throw await undo({ error: signal.aborted ? signal.reason : error, stopped: signal.aborted });
    }
  });
}

/** Milliseconds: the engine that has just failed may be on its way back, and its containers after it. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 1000;

/** In milliseconds. */
export interface RetryLimits {
  readonly patienceMs?: number;
  readonly pauseMs?: number;
}

/** Work of which every step can be done again, until it is done: requests may wait for it. */
export async function persistently<T>(
  work: () => Promise<T>,
  { patienceMs = PATIENCE_MS, pauseMs = PAUSE_MS }: RetryLimits = {},
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      say(`${complaint(error)}; trying again …`);
      await sleep(pauseMs);
    }
  }
}
