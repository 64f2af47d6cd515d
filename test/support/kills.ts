import { random } from "./random";
import { KILLS } from "./scale";

const SEED = 20261124;

/** When to kill, in milliseconds, and the number of the kill: a random moment within each equal part of the whole. */
export function momentsOf(longestMs: number): (readonly [number, number])[] {
  const chance = random(SEED);
  return Array.from({ length: KILLS }, (_, index) => [Math.round(((index + chance()) / KILLS) * longestMs), index]);
}
