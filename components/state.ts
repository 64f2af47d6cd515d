import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { GENERATED, generatedAs, type SecretName, type SecretValues } from "./release/secrets";

/** A resource as the engine's state has it, before this run. */
export interface StateResource {
  readonly type: string;
  /** The logical name. */
  readonly name: string;
  readonly outputs: Readonly<Record<string, unknown>>;
}

const answer = z.object({
  outputs: z.record(z.string(), z.object({ type: z.string(), outputs: z.record(z.string(), z.unknown()).default({}) })),
});

/** The component under which every resource of a stack lies. */
const COMPONENT = "nestfleet:index:NestFleet";
const PROTECTED = /^(?:docker:index\/volume:Volume|random:.*)$/;

/**
 * What the state has of a stack; nothing on a new one. By the engine's call, and not by a StackReference: that resource
 * would keep a copy of the stack's outputs in the state, which every refresh then finds changed.
 */
export async function readState(stack: string): Promise<StateResource[]> {
  const stackName = `${pulumi.getOrganization()}/${pulumi.getProject()}/${stack}`;
  const read: unknown = await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", { stackName });
  return Object.entries(answer.parse(read).outputs).map(([urn, { type, outputs }]) => ({
    type,
    name: urn.split("::").at(-1) ?? urn,
    outputs,
  }));
}

/** The prefix under which the resources of this state were made, where it is another one: the stack was renamed. */
export function otherPrefix(state: readonly StateResource[], name: string): string | undefined {
  return state.find((resource) => resource.type === COMPONENT && resource.name !== name)?.name;
}

/** The stack's own outputs, as the last good update has left them; none on a new stack. */
export function outputsIn(state: readonly StateResource[]): StateResource["outputs"] {
  return state.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
}

/** The Docker host that the last update worked on. */
export function dockerHostIn(state: readonly StateResource[]): string | undefined {
  const host = state.find(({ type }) => type === "pulumi:providers:docker")?.outputs["host"];
  return typeof host === "string" ? host : undefined;
}

/** Names of what is protected: it may leave neither the state nor the program. */
export function protectedNames(state: readonly StateResource[]): string[] {
  return state.filter(({ type }) => PROTECTED.test(type)).map(({ name }) => name);
}

/** The values that were made up for this stack, once. */
export function generatedSecrets(state: readonly StateResource[], stack: string): SecretValues {
  const names = protectedNames(state);
  const secrets = Object.keys(GENERATED) as SecretName[];
  return Object.fromEntries(
    secrets.map((secret) => {
      const resource = generatedAs(secret, stack, names);
      const found = state.find((one) => one.type.startsWith("random:") && one.name === resource);
      const value = found?.outputs["hex"] ?? found?.outputs["result"];
      return [secret, typeof value === "string" ? value : undefined];
    }),
  );
}
