import { random } from "./random";
import { KILLS } from "./scale";

const SEED = 20261124;

/** The moment at which a test kills: a number of milliseconds after the start, or when the output has these words. */
export type Moment = number | RegExp;

/**
 * Gives the moments at which these words are printed, which are in the same phase on every machine. The full scale adds
 * a random moment in each of equal parts of the whole time.
 */
export function momentsOf(words: readonly RegExp[], longestMs: number): Moment[] {
  const chance = random(SEED);
  const count = Math.max(0, KILLS - words.length);
  const times = Array.from({ length: count }, (_, index) => Math.round(((index + chance()) / count) * longestMs));
  return [...words, ...times];
}
