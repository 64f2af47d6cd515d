import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { GENERATED, generatedAs, type SecretName, type SecretValues } from "./release/secrets";

/** A resource in Pulumi's state, before this run. */
export interface StateResource {
  readonly type: string;
  /** The logical name. */
  readonly name: string;
  readonly outputs: Readonly<Record<string, unknown>>;
}

const answer = z.object({
  outputs: z.record(z.string(), z.object({ type: z.string(), outputs: z.record(z.string(), z.unknown()).default({}) })),
});

/** The type of the component that is the parent of every resource of a stack. */
const COMPONENT = "nestfleet:index:NestFleet";
const PROTECTED = /^(?:docker:index\/volume:Volume|random:.*)$/;

/**
 * Reads the resources of a stack from the state; none on a new stack. It uses Pulumi's own call instead of a
 * StackReference, because that resource would keep a copy of the stack's outputs in the state, which every refresh
 * would find changed.
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

/** The prefix with which the resources of this state were made, where it is not `name`: then the stack was renamed. */
export function otherPrefix(state: readonly StateResource[], name: string): string | undefined {
  return state.find((resource) => resource.type === COMPONENT && resource.name !== name)?.name;
}

/** The stack's outputs after the last successful update; none on a new stack. */
export function outputsIn(state: readonly StateResource[]): StateResource["outputs"] {
  return state.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
}

/** The Docker host that the last update worked on. */
export function dockerHostIn(state: readonly StateResource[]): string | undefined {
  const host = state.find(({ type }) => type === "pulumi:providers:docker")?.outputs["host"];
  return typeof host === "string" ? host : undefined;
}

/** Names of the protected resources, which neither the state nor the program may lose. */
export function protectedNames(state: readonly StateResource[]): string[] {
  return state.filter(({ type }) => PROTECTED.test(type)).map(({ name }) => name);
}

/** The secrets that were generated for this stack. */
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
