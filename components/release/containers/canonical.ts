/**
 * Values in the only spelling that the Docker provider reads back. Any other spelling of the same value shows as a
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

/**
 * CPUs as the provider spells the billionths that Docker counts: 1 is `1.0`, 0.5 is `0.5`. The provider counts zeros to
 * find whole numbers, so 10 is `10.`, and it rounds other numbers with nine zeros: 0.05 is `0.1`.
 * https://github.com/kreuzwerker/terraform-provider-docker/blob/96d331c98ff4/internal/provider/helpers.go
 * (nanoInt64ToDecimalString)
 */
export function cpuShare(cpus: number): string {
  const digits = cpus.toFixed(9);
  return digits.split("0").length === 10 ? cpus.toFixed(1) : digits.replace(/0+$/, "");
}

/** Whether the provider reads back the given number. Docker itself refuses numbers that are not whole billionths. */
export function isTold(cpus: number): boolean {
  return Number(cpuShare(cpus)) === cpus;
}
