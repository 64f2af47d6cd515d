import type { DockerClient } from "./client";
import { inspectContainer } from "./containers";
import { type Target, waitUntilHealthy } from "./health";
import { Refusal } from "../output";

/** How long a service may take, and the signal that ends the wait. */
interface Wait {
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** Refuses where a service is not healthy. It has passed its gate, but a refused attempt may have stopped it since. */
export async function mustRun(docker: DockerClient, container: string, wait: Wait): Promise<void> {
  const running = (await inspectContainer(docker, container))?.State;
  if (running?.Running === true && !running.Restarting) return;
  await mustBeHealthy(docker, { role: "a service", container }, wait);
}

export async function mustBeHealthy(
  docker: DockerClient,
  { role, ...service }: Target & { readonly role: string },
  wait: Wait,
): Promise<void> {
  const refusal = await waitUntilHealthy(docker, service, wait);
  if (refusal === undefined) return;
  const name = (await inspectContainer(docker, service.container))?.Name.slice(1) ?? service.container;
  throw new Refusal(`${role} (${name}) is not healthy: ${refusal}`);
}
