import { z } from "zod";
import { parseJson } from "../../components/release/json";
import { parseVersion } from "../../components/release/version";

const health = z.object({ status: z.string(), db: z.string(), version: z.string() });
/** How much of an unexpected answer a message shows. */
const SHOWN = 200;

/**
 * What is wrong with a release's answer to `/health`; undefined when nothing is. Only a release that is a semantic
 * version tells it: behind another tag the application answers with a constant.
 */
export function diagnosis(answer: string, version: string): string | undefined {
  const shown = answer.trim().slice(0, SHOWN);
  const parsed = health.safeParse(parseJson(answer));
  if (!parsed.success) return `/health does not answer with the application's health: ${shown}`;
  const { status, db, version: told } = parsed.data;
  if (status !== "ok" || db !== "ok") return `/health says ${shown}`;
  const expected = parseVersion(version)?.semver;
  return expected === undefined || told === expected
    ? undefined
    : `/health is answered by version ${told}, not by ${expected}`;
}
