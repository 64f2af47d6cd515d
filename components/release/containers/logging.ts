/**
 * The log driver of every container of ours is always named: without it the engine's own default would be taken, and
 * that one may refuse our options.
 */
export const LOG_DRIVER = "json-file";
export const LOG_OPTIONS = { "max-size": "10m", "max-file": "3" };

/** Where a container logs, as `docker inspect` has it. */
export interface LogConfig {
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
}

/** Whether a container has the log that it is to have; what the engine's daemon.json has added makes no other of it. */
export function isOwnLog({ driver, options }: LogConfig): boolean {
  return driver === LOG_DRIVER && Object.entries(LOG_OPTIONS).every(([name, value]) => options[name] === value);
}
