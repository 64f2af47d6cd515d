import semver from "semver";
import { mayRun } from "./sql/migrations";
import type { PlanContext } from "./plan-context";

/**
 * `rolling`: the new containers start beside the old. `recreate`: api and workers stop, the backup is taken, the new
 * version starts.
 */
export type Strategy = "rolling" | "recreate";

/**
 * Chooses the strategy of a change of release: that of the config, where `auto` recreates if the two versions cannot
 * run side by side. A change of settings is always rolling, because the same release can run beside itself. A restore
 * stops api and workers itself while the databases are swapped, so nothing has to stop before.
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

/** `undefined` stands for a version without a semantic number, whose major version is not known. */
export function crossesMajor(from: string | undefined, to: string | undefined): boolean {
  return from !== undefined && to !== undefined && semver.major(from) !== semver.major(to);
}
