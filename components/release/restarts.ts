import { namesOf, ON_BACK_NETWORK, RELEASED, type Role, ROLES, WRITERS } from "./names";
import type { RunningContainer } from "./facts";
import type { PlanContext, Step } from "./plan-context";

/**
 * The services that stop and start, as far as versions decide that; undefined without access to the host. Each
 * container carries as its label the release, or for postgres and caddy the image of the config.
 */
export function restartsIn({ facts, settings, step, to, stack }: PlanContext): Role[] | undefined {
  if (facts === undefined) return undefined;
  const stepped = [...rolesOf(step), ...(leftNetwork({ facts, stack }) === undefined ? [] : ON_BACK_NETWORK)];
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
    if (stepped.includes(role) || ours.some((container) => isOlder(container, settings))) return true;
    return !ours.some(({ running, version }) => running && version === wanted[role]);
  });
}

/**
 * A container that an older program has made, without what this one gives it: made anew. Not the proxy for that alone:
 * connections are refused while it is, and it gets the rest with its next image.
 */
function isOlder(container: RunningContainer, settings: PlanContext["settings"]): boolean {
  const { running, asSuperuser } = container;
  return running && (asSuperuser === true || lacksRules(container, settings)) && !isKept(container, settings);
}

/** An engine may give every container some of the limits: all of them are ours alone. */
function lacksRules(
  { role, noCore, readOnly }: RunningContainer,
  { postgres, resources }: PlanContext["settings"],
): boolean {
  const wanted = { ...resources, postgres }[role as Role]?.readOnly === true;
  return noCore === false || (wanted && readOnly === false);
}

/** The proxy of an older program, which stays as it was made for as long as its image is the one of the config. */
export function isKept(container: RunningContainer, settings: PlanContext["settings"]): boolean {
  const { role, running, version } = container;
  return role === "caddy" && running && version === settings.images.caddy && lacksRules(container, settings);
}

/** An older program has made one network for all five: the database leaves it. Its name; undefined otherwise. */
export function leftNetwork({ facts, stack }: Pick<PlanContext, "facts" | "stack">): string | undefined {
  const postgres = facts?.containers.find(({ role, running }) => role === "postgres" && running);
  const networks = postgres?.networks ?? [];
  const { back } = namesOf(stack).networks;
  return networks.some((network) => network.startsWith(`${back}-`)) ? undefined : networks[0];
}

/** Those that a step always restarts. The console keeps nothing of the data, so other data do not concern it. */
function rolesOf(step: Step): readonly Role[] {
  if (step === "upgrade" || step === "rollback") return RELEASED;
  return step === "restore" ? WRITERS : [];
}
