import semver from "semver";
import { mayRun } from "./sql/migrations";
import type { PlanContext } from "./plan-context";

/** rolling: new beside old. recreate: the writers stop, the backup is taken, the new version starts. */
export type Strategy = "rolling" | "recreate";

/**
 * What the config says of a change of release; `auto` recreates where the two versions cannot serve side by side. The
 * same release serves beside itself, so a change of settings is always rolling. A restore stops the writers itself, and
 * for as long as the swap of the databases takes: nothing has to stop before.
 */
export function strategyFor({ settings, step, from, to, schema, restore }: PlanContext): Strategy {
  if (restore !== undefined || step === "restore") return "rolling";
  if (step === "install" || (step === "restart" && !migrates(schema))) return "rolling";
  if (settings.strategy !== "auto") return settings.strategy;
  if (step === "restart") return "rolling";
  const marked = mayRun(schema).some(({ incompatible }) => incompatible);
  return marked || crossesMajor(from?.semver, to.semver) ? "recreate" : "rolling";
}

function migrates(schema: PlanContext["schema"]): boolean {
  return (schema?.pending.length ?? 0) > 0;
}

/** Undefined stands for a version that has no semantic number: nothing is known of its majors. */
export function crossesMajor(from: string | undefined, to: string | undefined): boolean {
  return from !== undefined && to !== undefined && semver.major(from) !== semver.major(to);
}
