import { namesOf, ON_BACK_NETWORK, RELEASED, type Role, ROLES, WRITERS } from "./names";
import type { RunningContainer } from "./facts";
import { changedParameters } from "./parameters";
import type { PlanContext, Step } from "./plan-context";

/**
 * The services that stop and start, as far as versions decide that; undefined without access to the host. The label of
 * each container has the release, or, for postgres and caddy, the image of the config.
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
    if (role === "postgres" && changedParameters({ facts, settings }).length > 0) return true;
    if (stepped.includes(role) || ours.some((container) => isOlder(container, settings))) return true;
    return !ours.some(({ running, version }) => running && version === wanted[role]);
  });
}

/**
 * Whether a container of an older program lacks what this program gives it, and so is made anew. The proxy is not made
 * anew for that alone, because connections are refused meanwhile; it gets the rest with its next image.
 */
function isOlder(container: RunningContainer, settings: PlanContext["settings"]): boolean {
  const { running, asSuperuser } = container;
  return running && (asSuperuser === true || lacksRules(container, settings)) && !isKept(container, settings);
}

/**
 * Whether a container lacks security options of this program. Docker may give every container some of them, but never
 * all.
 */
function lacksRules(
  { role, noCore, readOnly }: RunningContainer,
  { postgres, resources }: PlanContext["settings"],
): boolean {
  const wanted = { ...resources, postgres }[role as Role]?.readOnly === true;
  return noCore === false || (wanted && readOnly === false);
}

/**
 * Whether a container is the proxy of an older program, which stays as it is for as long as the config names its image.
 */
export function isKept(container: RunningContainer, settings: PlanContext["settings"]): boolean {
  const { role, running, version } = container;
  return role === "caddy" && running && version === settings.images.caddy && lacksRules(container, settings);
}

/**
 * Names the network that the database leaves: an older program made one network for all five services. Undefined
 * otherwise.
 */
export function leftNetwork({ facts, stack }: Pick<PlanContext, "facts" | "stack">): string | undefined {
  const postgres = facts?.containers.find(({ role, running }) => role === "postgres" && running);
  const networks = postgres?.networks ?? [];
  const { back } = namesOf(stack).networks;
  return networks.some((network) => network.startsWith(`${back}-`)) ? undefined : networks[0];
}

/** The services that a step always restarts. The console stores no data, so a restore of data does not restart it. */
function rolesOf(step: Step): readonly Role[] {
  if (step === "upgrade" || step === "rollback") return RELEASED;
  return step === "restore" ? WRITERS : [];
}
