import { complaint } from "./database/database";
import { interruptible } from "./interruption";
import { Refusal, say, sleep } from "./output";

/** Why work is undone. */
export interface Failure {
  readonly error: unknown;
  /** True when the work was stopped (by a signal, or because Pulumi is gone): this says nothing about the release. */
  readonly stopped: boolean;
}

/**
 * Does work that must not stay half done. Any failure, also of a Docker command, starts the undoing, which gives the
 * report to throw. A signal aborts the work and starts the undoing, too. Further signals are only noted, so that none
 * of them ends the undoing in the middle.
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

/** Milliseconds. After a failure, Docker may be restarting, and then its containers. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 1000;

/** Times are in milliseconds. */
export interface RetryLimits {
  readonly patienceMs?: number;
  readonly pauseMs?: number;
}

/** Repeats work until it succeeds. Each of its steps must be repeatable; requests may be waiting for it. */
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
