import { z } from "zod";
import { imageIds } from "./image-identity";
import { parseJson } from "./json";
import { REPLACED_PREFIX } from "../names";
import { isTag } from "../version";

/** What the comment on a previous database says. PostgreSQL keeps a comment with its database. */
const replacedComment = z.object({
  /** Tag of the release that served on it. */
  version: z.string().refine(isTag),
  /** ISO 8601, UTC. */
  replacedAt: z.iso.datetime(),
  /** Image ids of the containers that served, by role. */
  images: imageIds,
  /** Id of the backup that was restored in its place; none when an undo brought back another previous database. */
  restored: z.string().nullish(),
  /** The comment that the database had before. */
  comment: z.string().nullish(),
});
export type ReplacedComment = z.infer<typeof replacedComment>;

/** A previous database, which a restore has replaced, as far as it is known: its comment may have been removed. */
export interface ReplacedDatabase {
  readonly name: string;
  readonly bytes: number;
  readonly version?: string | undefined;
  /** ISO 8601, UTC. */
  readonly replacedAt?: string | undefined;
  /** Undefined where the comment is missing: then an undo cannot bring the database back. */
  readonly images?: ReplacedComment["images"] | undefined;
}

/** A previous database, with the time after which the next successful update drops it; without a time it stays. */
export interface ExpiringDatabase extends ReplacedDatabase {
  readonly droppedAfter?: string | undefined;
  /** True when that time is over, by the clock of the Docker host. */
  readonly due?: boolean;
}

/** Undefined when the comment is missing, or is not one of this program. */
export function parseReplacedComment(text: string | null): ReplacedComment | undefined {
  return replacedComment.safeParse(parseJson(text ?? "")).data;
}

const NAME = new RegExp(`^${REPLACED_PREFIX}(\\d{4})(\\d\\d)(\\d\\d)t(\\d\\d)(\\d\\d)(\\d\\d)z$`);

/** When a previous database was replaced, by its name; undefined when the name is not one of a previous database. */
export function replacedAtByName(name: string): string | undefined {
  const [whole, year, month, day, hour, minute, second] = NAME.exec(name) ?? [];
  if (whole === undefined) return undefined;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time.getTime()) ? undefined : secondsOnly(time);
}

/** Says when a previous database is dropped. `clock` is in seconds since 1970; undefined where it is not known. */
export function withExpiry(database: ReplacedDatabase, days: number, clock?: number): ExpiringDatabase {
  const replaced = Date.parse(database.replacedAt ?? "");
  if (Number.isNaN(replaced)) return database;
  const until = replaced + days * 86_400_000;
  const due = clock !== undefined && clock * 1000 > until;
  return { ...database, droppedAfter: secondsOnly(new Date(until)), ...(due && { due }) };
}

function secondsOnly(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
