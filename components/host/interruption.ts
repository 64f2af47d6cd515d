import { Refusal } from "./output";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Lets a script end in order on a signal: the work sees its abort signal, fails, and cleans up as after any failure.
 * Without this, Node.js would exit at once, and the commands inside the containers would go on.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    controller.abort(new Refusal(`it was stopped by ${name}`));
  };
  for (const name of SIGNALS) process.on(name, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, stop);
  }
}

/** Work that a signal must not end in the middle. */
let unfinished: Promise<unknown> = Promise.resolve();

/** Does work to its end: a signal that arrives at `endOnSignal` meanwhile has its effect afterwards. */
export function toItsEnd<T>(work: () => Promise<T>): Promise<T> {
  const done = work();
  unfinished = done.catch(() => undefined);
  return done;
}

/**
 * Lets a signal end this process as usual, but only after `last`, which the signal would otherwise skip. Work that is
 * done `toItsEnd` finishes first, however many signals arrive meanwhile.
 */
export function endOnSignal(last: () => void): void {
  const end = (name: NodeJS.Signals) => {
    void unfinished.then(() => {
      for (const signal of SIGNALS) process.off(signal, end);
      last();
      process.kill(process.pid, name);
    });
  };
  for (const signal of SIGNALS) process.on(signal, end);
}

/** Runs both, and stops each when the other fails. Fails with the first failure. */
export async function together<A, B>(
  signal: AbortSignal,
  one: (signal: AbortSignal) => Promise<A>,
  other: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const controller = new AbortController();
  const either = AbortSignal.any([signal, controller.signal]);
  let first: unknown;
  const guarded = <T>(work: (signal: AbortSignal) => Promise<T>) =>
    work(either).catch((error: unknown) => {
      first ??= error;
      controller.abort(error);
      throw error;
    });
  const [a, b] = await Promise.allSettled([guarded(one), guarded(other)]);
  if (a.status === "rejected" || b.status === "rejected") throw first;
  return [a.value, b.value];
}
