/** The path of the backups in the database's container. */
export const BACKUPS_PATH = "/backups";

/** The file that says how far a restore is. It lies outside of the database that the restore replaces. */
export const RESTORE_STATE = `${BACKUPS_PATH}/restore.json`;

/** Parts of a backup's name: `20261124T080102Z-1.4.2`. */
interface BackupId {
  /** Seconds since 1970; of two backups, the later one has the larger number, whatever the clock did in between. */
  readonly seconds: number;
  /** Tag of the release that served. */
  readonly version: string;
}

/** The tag follows Docker's own grammar, so no character of an id has a meaning for a shell or leaves a directory. */
const ID = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$/;

/** Undefined when the text is not the id of a backup. */
export function parseBackupId(text: string): BackupId | undefined {
  const [whole, year, month, day, hour, minute, second, version] = ID.exec(text) ?? [];
  if (whole === undefined || version === undefined) return undefined;
  const seconds = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) / 1000;
  // Some parsers read 31 February as 3 March, others refuse it.
  if (Number.isNaN(seconds) || formatBackupId({ seconds, version }) !== whole) return undefined;
  return { seconds, version };
}

export function formatBackupId({ seconds, version }: BackupId): string {
  const time = new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
  return `${time.replace(/[-:]/g, "")}-${version}`;
}

/** One day: a clock may be set back by seconds, or by the hours of a time zone. */
const AHEAD_SECONDS = 86_400;

/**
 * Whether an id is dated more than a day after now (seconds since 1970, by the clock of the Docker host). Then a person
 * has written it, or the clock is wrong, or was wrong. Such an id is never the newest, and no later id follows it. It
 * counts only where it is named.
 */
export function isInFuture(id: string, now: number): boolean {
  return (parseBackupId(id)?.seconds ?? 0) - now > AHEAD_SECONDS;
}

/**
 * Gives the id of a backup that is taken now. It is at least a second after every existing id, except ids in the future
 * and ids of `others`. So two backups within one second, or after the clock was set back, still have different names,
 * which sort in the order in which they were taken.
 */
export function nextBackupId(
  now: number,
  version: string,
  existing: readonly string[],
  others: readonly string[] = [],
): string {
  const followed = existing.filter((id) => !isInFuture(id, now) && !others.includes(id));
  const taken = followed.map((id) => parseBackupId(id)?.seconds ?? 0);
  let seconds = Math.max(Math.floor(now), ...taken.map((time) => time + 1));
  while (existing.includes(formatBackupId({ seconds, version }))) seconds++; // the next free id
  const id = formatBackupId({ seconds, version });
  if (parseBackupId(id) === undefined)
    throw new Error(`${JSON.stringify(version)} is not a tag that a backup can be named after`);
  return id;
}

/** Compares ids by the time when the backups were taken; a text that is not an id comes first. */
export function compareBackupIds(one: string, other: string): number {
  const [first, second] = [parseBackupId(one)?.seconds ?? 0, parseBackupId(other)?.seconds ?? 0];
  return first - second || (one < other ? -1 : Number(one > other));
}
