import { cpuShare } from "./canonical";

/** The limits of memory (MB) and CPUs of one service; undefined where there is no limit. */
export interface Limits {
  readonly memory?: number | undefined;
  readonly cpus?: number | undefined;
}

/** What the kernel of the Docker host can limit, as `docker info` says. */
export interface LimitSupport {
  readonly memory: boolean;
  readonly swap: boolean;
  readonly cpus: boolean;
}

/** The limits that nearly every host supports, for a plan that could not ask it. */
export const ALL_LIMITS: LimitSupport = { memory: true, swap: true, cpus: true };

/** Limits as the provider spells them: memory and swap in MB, -1 for swap without a limit. */
interface HeldLimits {
  readonly memory?: number;
  readonly memorySwap?: number;
  readonly cpus?: string;
}

/**
 * The limits to request from Docker, so that Docker stores exactly these. Where the host does not support a limit,
 * Docker stores none (memory), stores -1 (swap), or refuses the container (CPUs); the provider would then see another
 * value at each preview, and replace the container at each update. `memorySwap` equals `memory`, because Docker would
 * fill that in. https://github.com/moby/moby/blob/v28.5.2/daemon/daemon_unix.go (verifyPlatformContainerResources)
 */
export function heldLimits({ memory, cpus }: Limits, support: LimitSupport): HeldLimits {
  return {
    ...(memory !== undefined && support.memory && { memory, memorySwap: support.swap ? memory : -1 }),
    ...(cpus !== undefined && support.cpus && { cpus: cpuShare(cpus) }),
  };
}
