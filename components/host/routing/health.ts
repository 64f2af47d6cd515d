import { z } from "zod";
import { parseJson } from "../../release/records/json";
import type { Entrance } from "./entrance";
import { Refusal } from "../output";

const health = z.object({ status: z.string(), db: z.string(), version: z.string() });
/** What the application answers on `/health`. */
export type Health = z.infer<typeof health>;

/** Another version than expected. Waiting does not change this answer. */
export class WrongVersion extends Refusal {}

/** How much of an unexpected answer a message shows. */
const SHOWN = 200;

/** What a release must answer: its semantic version, where it has one and its answer is compared. */
export interface Expected {
  readonly semver?: string | undefined;
  readonly health: Entrance["health"];
}

/**
 * Checks the answer of a release to `/health` at `where`. The release works when it reports itself and its database as
 * healthy, and answers the expected version. The version is compared only if it is a semantic version, and the config
 * does not say that the answer is a constant.
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
