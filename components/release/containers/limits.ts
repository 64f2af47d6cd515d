import { cpuShare } from "./canonical";

/** Of memory (MB) and CPUs that one service may use; undefined where there is none. */
export interface Limits {
  readonly memory?: number | undefined;
  readonly cpus?: number | undefined;
}

/** What the kernel of the Docker host can limit, as `docker info` has it. */
export interface LimitSupport {
  readonly memory: boolean;
  readonly swap: boolean;
  readonly cpus: boolean;
}

/** Where the host was not asked: what nearly every one can. */
export const ALL_LIMITS: LimitSupport = { memory: true, swap: true, cpus: true };

/** In the provider's words: memory and swap in MB, -1 for swap without a limit. */
interface HeldLimits {
  readonly memory?: number;
  readonly memorySwap?: number;
  readonly cpus?: string;
}

/**
 * What is asked of the engine, so that it stores what was asked. A limit that its host cannot hold it stores as none
 * (memory), as -1 (swap), or refuses the container (CPUs); the provider would see another value at each preview, and
 * replace the container at each update. `memorySwap` equals `memory`, because the engine would fill it in.
 * https://github.com/moby/moby/blob/v28.5.2/daemon/daemon_unix.go (verifyPlatformContainerResources)
 */
export function heldLimits({ memory, cpus }: Limits, support: LimitSupport): HeldLimits {
  return {
    ...(memory !== undefined && support.memory && { memory, memorySwap: support.swap ? memory : -1 }),
    ...(cpus !== undefined && support.cpus && { cpus: cpuShare(cpus) }),
  };
}
