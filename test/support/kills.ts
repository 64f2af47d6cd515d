import { random } from "./random";
import { KILLS } from "./scale";

const SEED = 20261124;

/** When to kill: so many milliseconds after the start, or when the output has these words. */
export type Moment = number | RegExp;

/**
 * When the words are said, which on every machine is in the same phase; in the full scale also at a random moment within
 * each equal part of the whole.
 */
export function momentsOf(words: readonly RegExp[], longestMs: number): Moment[] {
  const chance = random(SEED);
  const count = Math.max(0, KILLS - words.length);
  const times = Array.from({ length: count }, (_, index) => Math.round(((index + chance()) / count) * longestMs));
  return [...words, ...times];
}
