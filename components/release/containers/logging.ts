/**
 * The log driver of every container of this program is always named. Without the name Docker would use its own default,
 * and that driver may refuse these options.
 */
export const LOG_DRIVER = "json-file";
export const LOG_OPTIONS = { "max-size": "10m", "max-file": "3" };

/** The log configuration of a container, as `docker inspect` shows it. */
export interface LogConfig {
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
}

/**
 * Whether a container has this program's log configuration; options that Docker's daemon.json has added do not count.
 */
export function isOwnLog({ driver, options }: LogConfig): boolean {
  return driver === LOG_DRIVER && Object.entries(LOG_OPTIONS).every(([name, value]) => options[name] === value);
}
