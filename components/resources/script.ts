import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Requests } from "../operations/requests";
import { placed, type Site } from "./site";

type Leaf = string | number | boolean | null | undefined;

/** A value of which any part may be known only once another resource is there. */
type Given<Value> = [Value] extends [Leaf]
  ? pulumi.Input<Value>
  : Value extends readonly (infer Item)[]
    ? pulumi.Input<readonly Given<Item>[]>
    : Value extends object
      ? pulumi.Input<GivenKeys<Value>>
      : pulumi.Input<Value>;
type GivenKeys<Value> = { readonly [Key in keyof Value]: Given<Value[Key]> };

/** The keys of a request, and what one of them holds; of a union, those of any member. */
type KeyOf<Value> = Value extends object ? keyof Value : never;
type At<Value, Key> = Value extends object ? (Key extends keyof Value ? Value[Key] : never) : never;

/** `Input`, in which each key that `Value` does not have is `never`: TypeScript lets those pass that a spread brings. */
type Exact<Value, Input> = Input extends Leaf | pulumi.OutputInstance<unknown> | Promise<unknown>
  ? Input
  : Input extends readonly (infer Item)[]
    ? readonly Exact<Value extends readonly (infer One)[] ? One : never, Item>[]
    : { readonly [Key in keyof Input]: Key extends KeyOf<Value> ? Exact<At<Value, Key>, Input[Key]> : never };

/** A script, and how it is run. */
interface ScriptArgs<Script extends keyof Requests, Input> {
  /** The resource's logical name, after the stack's prefix. */
  readonly name: string;
  readonly script: Script;
  /**
   * What the script is asked, as JSON on its standard input: nothing of it appears in a process list or in a failure. A
   * key that is missing, or that the script does not know, does not compile.
   */
  readonly input: Input & Exact<Requests[Script], Input>;
  readonly dependsOn?: pulumi.Resource[];
  /**
   * For what belongs to a change of release: false runs it, with each attempt at one; true leaves it as it is, because a
   * changed input is no reason to run again what an update did that is over.
   */
  readonly frozen?: boolean;
  /** True runs it although nothing of its input has changed. */
  readonly again?: boolean;
  /** The tag of the release that it works for: of one that runs because its input has another container of that release. */
  readonly release?: string;
}

/**
 * A script of ours as a resource: runs when it is new and whenever its input changes. Progress (stderr) is shown while
 * it runs; the result (stdout) is kept as output. A failure is red and leaves the state as it was, so that the next
 * update runs it again.
 *
 * The path is relative, because the state must not depend on where an operator has the checkout. The output of the run
 * before stays out of the environment: it is evidence for people, not an input.
 *
 * `preview --diff` prints the whole input of a script for one changed key. Where a script runs with a change of release,
 * its environment says so in one line, and the input is hidden. Otherwise the environment is ignored: a state that has
 * none stays unchanged. Alone, an input must not be hidden: Pulumi then prints all that the state has, as if nothing had
 * changed. Nor can it be a secret: a secret differs from the same text in plain, and the script would run.
 */
export function runScript<Script extends keyof Requests, Input extends GivenKeys<Requests[Script]>>(
  site: Site,
  {
    name,
    script,
    input,
    dependsOn = [],
    frozen,
    again = frozen === undefined ? undefined : !frozen,
    release,
  }: ScriptArgs<Script, Input>,
): command.local.Command {
  const environment = {
    ...(again !== undefined && { NESTFLEET_ATTEMPT: new Date().toISOString() }),
    ...(release !== undefined && { NESTFLEET_RELEASE: release }),
  };
  const announced = again ?? (release !== undefined && site.plan.step !== "restart");
  return new command.local.Command(
    `${site.name}-${name}`,
    {
      create: `node scripts/run.mjs ${script}`,
      stdin: pulumi.jsonStringify(input),
      ...(Object.keys(environment).length > 0 && { environment }),
      logging: "stderr",
      addPreviousOutputInEnv: false,
    },
    {
      ...placed(site),
      dependsOn,
      ignoreChanges: [...(frozen === true ? ["stdin", "create"] : []), ...(announced ? [] : ["environment"])],
      hideDiffs: announced ? ["stdin"] : [],
    },
  );
}
