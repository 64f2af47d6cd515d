import type { DockerClient } from "../../host/docker/client";
import { pulumi, up } from "../../release/commands";
import { engineProgram } from "../../host/watchdog";
import { findOrphans, removeOrphans } from "./orphans";
import { readStackState, spelled, type StackState } from "../../host/stack-state";

/**
 * Describes what a killed Pulumi left in the state and on the Docker host; nothing where `scripts/pulumi` has looked
 * already. An update, which holds the stack's lock, also removes the orphaned containers: they would keep their names, and
 * work jobs. The pending operations are left to Pulumi.
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
      ? `container ${name} is orphaned: a killed run made it, and the state does not contain it; ${up(stack)} removes it`
      : `the orphaned container ${name}, which a killed run made and the state does not contain, is removed`,
  );
}

function operations(stack: string, { pending }: StackState): string {
  const clear = pulumi(`refresh --clear-pending-creates --stack ${stack}`);
  return `a run of pulumi was killed (${spelled(pending)}); this removes its pending operations from the state: ${clear}`;
}
