import { z } from "zod";
import { parseJson } from "../../release/records/json";
import type { Entrance } from "./entrance";
import { Refusal } from "../output";

const health = z.object({ status: z.string(), db: z.string(), version: z.string() });
/** What the application says of itself. */
export type Health = z.infer<typeof health>;

/** An answer that no patience will change. */
export class WrongVersion extends Refusal {}

/** How much of an unexpected answer a message shows. */
const SHOWN = 200;

/** What a release must answer: its semantic version, where it has one and its answer tells it. */
export interface Expected {
  readonly semver?: string | undefined;
  readonly health: Entrance["health"];
}

/**
 * A release's answer to `/health`, asked at `where`: a release works when it says so of itself and of its database, and
 * is the one that was asked for. Only one that is a semantic version tells which it is, and not even that where the
 * config says that the answer is a constant.
 */
export function healthIn(answer: string, where: string, { semver, health: { version } }: Expected): Health {
  const shown = answer.trim().slice(0, SHOWN);
  const { success, data } = health.safeParse(parseJson(answer));
  if (!success) throw new Refusal(`${where} does not answer with the application's health: ${shown}`);
  if (data.status !== "ok" || data.db !== "ok") throw new Refusal(`${where} says ${shown}`);
  if (version === "compare" && semver !== undefined && data.version !== semver)
    throw new WrongVersion(`${where} is answered by version ${data.version}, not by ${semver}`);
  return data;
}
