import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Site } from "./site";

/** What a script is told, as JSON on its standard input: nothing of it appears in a process list or in a failure. */
export type ScriptInput = Record<string, unknown>;

export interface ScriptOptions {
  readonly dependsOn?: pulumi.Resource[];
  /** A changed input is no reason to run again: what it did belongs to an update that is over. */
  readonly frozen?: boolean;
  /** True runs it although nothing of its input has changed; to be given, true or false, by whoever ever gives it. */
  readonly again?: boolean;
}

/**
 * A script of ours as a resource: runs when it is new and whenever its input changes. Progress (stderr) is shown while
 * it runs; the result (stdout) is kept as output. A failure is red and leaves the state as it was, so that the next
 * update runs it again.
 *
 * The path is relative, because the state must not depend on where an operator has the checkout. The output of the run
 * before stays out of the environment: it is evidence for people, not an input.
 */
export function runScript(
  site: Site,
  name: string,
  script: string,
  input: pulumi.Input<ScriptInput>,
  { dependsOn = [], frozen = false, again }: ScriptOptions = {},
) {
  return new command.local.Command(
    `${site.name}-${name}`,
    {
      create: `node scripts/run.mjs ${script}`,
      stdin: pulumi.jsonStringify(input),
      ...(again !== undefined && { environment: { NESTFLEET_ATTEMPT: new Date().toISOString() } }),
      logging: "stderr",
      addPreviousOutputInEnv: false,
    },
    {
      parent: site.parent,
      dependsOn,
      ignoreChanges: [...(frozen ? ["stdin", "create"] : []), ...(again === false ? ["environment"] : [])],
    },
  );
}
