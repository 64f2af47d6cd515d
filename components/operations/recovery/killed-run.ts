import type { DockerClient } from "../../host/docker/client";
import { pulumi, up } from "../../release/commands";
import { engineProgram } from "../../host/watchdog";
import { findOrphans, removeOrphans } from "./orphans";
import { readStackState, spelled, type StackState } from "../../host/stack-state";

/**
 * What an engine that was killed has left in the state and on the host, in words; nothing where `scripts/pulumi` has
 * looked already. An update, which holds the stack's lock, removes the containers that no state knows: they would keep
 * their names, and work jobs. The pending operations are in the engine's own hands.
 */
export async function afterKilledRun(docker: DockerClient, stack: string, preview: boolean): Promise<string[]> {
  if (process.env["NESTFLEET_PULUMI"] !== undefined) return [];
  const state = await readStackState(engineProgram(), stack, process.cwd());
  if (state === undefined || state.pending.length === 0) return [];
  return [...(await containers(docker, stack, state, preview)), operations(stack, state)];
}

async function containers(docker: DockerClient, stack: string, state: StackState, preview: boolean): Promise<string[]> {
  const orphans = await findOrphans(docker, stack, state);
  const names = preview ? orphans.map(({ name }) => name) : await removeOrphans(docker, orphans);
  return names.map((name) =>
    preview
      ? `container ${name} was made by a run that was killed, and no state knows it: ${up(stack)} removes it`
      : `container ${name}, made by a run that was killed and known to no state, is removed`,
  );
}

function operations(stack: string, { pending }: StackState): string {
  const clear = pulumi(`refresh --clear-pending-creates --stack ${stack}`);
  return `a run of pulumi was killed (${spelled(pending)}); this clears it out of the state: ${clear}`;
}
