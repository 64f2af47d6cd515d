import type { Situation, Step } from "./situation";

export const ROLES = ["api", "worker", "console", "postgres", "caddy"] as const;
export type Role = (typeof ROLES)[number];

/** Those that follow the release; postgres and caddy have versions of their own. */
export const RELEASED: readonly string[] = ["api", "worker", "console"] satisfies Role[];

/**
 * The services that stop and start, as far as versions decide that; undefined without access to the host. Each
 * container carries as its label the release, or for postgres and caddy the image of the config.
 */
export function restartsIn({ facts, settings, step, to }: Situation): Role[] | undefined {
  if (facts === undefined) return undefined;
  const stepped = rolesOf(step);
  const wanted: Record<Role, string> = {
    api: to.tag,
    worker: to.tag,
    console: to.tag,
    postgres: settings.images.postgres,
    caddy: settings.images.caddy,
  };
  return ROLES.filter((role) => {
    const ours = facts.containers.filter((container) => container.role === role);
    if (ours.length === 0) return step === "install" || role !== "worker"; // a stack may have no workers
    if (stepped.includes(role)) return true;
    return !ours.some(({ running, version }) => running && version === wanted[role]);
  });
}

/** Those that a step always restarts. The console keeps nothing of the data, so other data do not concern it. */
function rolesOf(step: Step): readonly Role[] {
  if (step === "upgrade" || step === "rollback") return ["api", "worker", "console"];
  return step === "restore" ? ["api", "worker"] : [];
}
