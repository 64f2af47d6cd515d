import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { parseJson } from "../release/records/json";

/** Of the engine's `pending_operations`: what it was in the middle of when it was killed. */
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

/** What the state of a stack tells of a run that was killed. */
export interface StackState {
  readonly pending: readonly Operation[];
  /** Of every resource that it knows. */
  readonly ids: ReadonlySet<string | undefined>;
}

const LARGEST_STATE = 256 * 1024 * 1024;

/**
 * The state as `pulumi stack export` gives it, on any backend, with its secrets still encrypted. Undefined where there
 * is none, or the CLI cannot read it: its own message is the better one, and comes with the next command.
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

/** In words, each with what it was done to. */
export function spelled(pending: readonly Operation[]): string {
  return pending.map(({ type, resource }) => `${type} ${resource.urn.split("::").at(-1) ?? resource.urn}`).join(", ");
}
