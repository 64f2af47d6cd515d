import type { Limits } from "../containers/limits";
import type { PlanContext } from "../plan-context";

/** Warns where the kernel does not support a limit: the service runs without that limit. */
export function limitsNotHeld({ facts, settings }: PlanContext): string[] {
  const support = facts?.limits;
  if (support === undefined) return [];
  const limited = Object.entries<Limits | undefined>({ postgres: settings.postgres, ...settings.resources });
  const paths = (limit: "memory" | "cpus") =>
    limited
      .filter(([, limits]) => limits?.[limit] !== undefined)
      .map(([role]) => `nestfleet:${role === "postgres" ? "postgres" : `resources.${role}`}.${limit}`);
  const [memory, cpus] = [paths("memory"), paths("cpus")];
  return [
    ...(memory.length > 0 && !support.memory
      ? [
          `the Docker host cannot limit memory (docker info: no memory limit support): ${memory.join(", ")} has no effect`,
        ]
      : []),
    ...(memory.length > 0 && support.memory && !support.swap
      ? [
          `the Docker host cannot limit swap (docker info: no swap limit support): ${memory.join(", ")} limits memory only`,
        ]
      : []),
    ...(cpus.length > 0 && !support.cpus
      ? [`the Docker host cannot limit CPUs (docker info: no cpu cfs quota support): ${cpus.join(", ")} has no effect`]
      : []),
  ];
}
