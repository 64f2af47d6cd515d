import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Requests } from "../operations/requests";
import { placed, type Site } from "./site";

type Leaf = string | number | boolean | null | undefined;

/** A value in which any part may be an output of another resource. */
type Given<Value> = [Value] extends [Leaf]
  ? pulumi.Input<Value>
  : Value extends readonly (infer Item)[]
    ? pulumi.Input<readonly Given<Item>[]>
    : Value extends object
      ? pulumi.Input<GivenKeys<Value>>
      : pulumi.Input<Value>;
type GivenKeys<Value> = { readonly [Key in keyof Value]: Given<Value[Key]> };

/** The keys of a request, and the type of one of them. A union has the keys of all its members. */
type KeyOf<Value> = Value extends object ? keyof Value : never;
type At<Value, Key> = Value extends object ? (Key extends keyof Value ? Value[Key] : never) : never;

/** `Input`, in which each key that `Value` lacks is `never`: TypeScript does not check for extra keys from a spread. */
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
   * The script's request, as JSON on its standard input, so that it appears neither in a process list nor in an error.
   * A key that is missing, or that the script does not know, does not compile.
   */
  readonly input: Input & Exact<Requests[Script], Input>;
  readonly dependsOn?: pulumi.Resource[];
  /**
   * For a script that belongs to a change of release. False runs it, at each attempt at that change. True leaves it as
   * it is: a changed input is not a reason to repeat a step of an update that is over.
   */
  readonly frozen?: boolean;
  /** True runs the script although its input has not changed. */
  readonly again?: boolean;
  /** The tag of the release, for a script that runs because its input names a new container of that release. */
  readonly release?: string;
}

/**
 * Makes a script of this project a resource. The script runs when the resource is new and whenever its input changes.
 * Pulumi shows the progress (stderr) and keeps the result (stdout) as output. If the script fails, the update fails and
 * the state is left as it was, so that the next update runs the script again.
 *
 * The path is relative, because the state must not depend on where an operator has the checkout. The output of the
 * previous run is not put into the environment, because it is a record for people, not an input.
 *
 * `preview --diff` prints the whole input of a script for one changed key. If a script runs with a change of release,
 * its environment says so in one line, and the input is hidden. Otherwise the environment is ignored, so that a state
 * without one stays unchanged. An input must not be hidden on its own: Pulumi would then print all that the state has,
 * as if nothing had changed. It cannot be a secret either: a secret differs from the same plain text, and the script
 * would run.
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
