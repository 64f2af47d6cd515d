/** Gives the environment that a container was created with, by name. */
export function environmentOf(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(entries.map((entry) => entry.split(/=(.*)/s) as [string, string]));
}
