/**
 * Values in the one spelling that the Docker provider reads back. Any other spelling of the same value shows as a
 * change on every preview; test/engine/story.test.ts previews after each step to prove that none does.
 */

/** Go's spelling of a duration in whole seconds: 60 is `1m0s`, 3600 is `1h0m0s`. */
export function goDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

/** CPUs as a Go float: 1 is `1.0`, 0.5 is `0.5`. */
export function cpuShare(cpus: number): string {
  return Number.isInteger(cpus) ? cpus.toFixed(1) : String(cpus);
}
