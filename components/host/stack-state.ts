import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { parseJson } from "../release/records/json";

/** An entry of `pending_operations`: what Pulumi was doing when it was killed. */
const operation = z.object({ type: z.string(), resource: z.object({ urn: z.string(), type: z.string() }) });
export type Operation = z.infer<typeof operation>;

const exported = z.object({
  deployment: z
    .object({
      resources: z.array(z.object({ id: z.string().optional() })).nullish(),
      pending_operations: z.array(operation).nullish(),
    })
    .nullish(),
});

/** What the state of a stack shows about a run that was killed. */
export interface StackState {
  readonly pending: readonly Operation[];
  /** The id of every resource in the state. */
  readonly ids: ReadonlySet<string | undefined>;
}

const LARGEST_STATE = 256 * 1024 * 1024;

/**
 * Reads the state with `pulumi stack export`, on any backend, with its secrets still encrypted. Undefined where there
 * is no state, or the CLI cannot read it: the next command of the CLI says why, better than a message here could.
 */
export async function readStackState(cli: string, stack: string, folder: string): Promise<StackState | undefined> {
  const options = { cwd: folder, maxBuffer: LARGEST_STATE };
  const read = promisify(execFile)(cli, ["--non-interactive", "stack", "export", "--stack", stack], options);
  const { stdout } = await read.catch(() => ({ stdout: "" }));
  const { deployment } = exported.safeParse(parseJson(stdout)).data ?? {};
  if (deployment === undefined || deployment === null) return undefined;
  return {
    pending: deployment.pending_operations ?? [],
    ids: new Set(deployment.resources?.map(({ id }) => id)),
  };
}

/** Spells the operations in words, each with its resource. */
export function spelled(pending: readonly Operation[]): string {
  return pending.map(({ type, resource }) => `${type} ${resource.urn.split("::").at(-1) ?? resource.urn}`).join(", ");
}
