import { expect, vi } from "vitest";
import { parse } from "yaml";
import { DockerClient } from "../../components/host/docker/client";
import { SnapshotClient } from "../../components/host/docker/snapshot-client";
import { summary } from "../../components/release/summary";
import { check } from "../../components/settings/check";
import { report } from "../../components/settings/problem";
import { writtenIn } from "../../components/settings/written";
import { lookAndPlan } from "../../components/update";
import { isSecret } from "./secret";
import type { Config, StateResource, TestStack } from "./stack";

/** The text that a preview prints before the first resource: the plan or the problems. */
export interface Planned {
  readonly refused: boolean;
  readonly text: string;
}

const NAMESPACE = "nestfleet:";
/**
 * The keys that the stack's file would have encrypted. Here they are in plain text, because only the CLI can encrypt.
 */
const ENCRYPTED: ReadonlySet<string> = new Set(["secrets", "secretEnv"]);

/**
 * Checks the configuration and plans as the program does in a preview, with the real Docker host and the real state. It
 * runs in the process of the test, without Pulumi, which takes most of the time of a preview. The stack's file is not
 * changed; `config` has the values that differ from it.
 */
export async function planned(stack: TestStack, config: Config = {}): Promise<Planned> {
  vi.stubEnv("NESTFLEET_PULUMI", "scripts/pulumi"); // the wrapper sets it, and printed commands begin with it
  try {
    return await plan(stack, config);
  } finally {
    vi.unstubAllEnvs();
  }
}

async function plan(stack: TestStack, config: Config): Promise<Planned> {
  const file = stack.configured(config);
  const checked = check({ values: valuesIn(file), encrypted: ENCRYPTED, stack: stack.name, written: writtenIn(file) });
  if ("problems" in checked) return { refused: true, text: report(checked.problems, stack.name) };
  const { settings } = checked;
  const resources = (await stack.resources()).filter((resource) => resource.delete !== true);
  const state = resources.map(({ urn, type, outputs }) => ({
    type,
    name: urn.split("::").at(-1) ?? urn,
    outputs: revealed(outputs) as Record<string, unknown>,
  }));
  const docker = new SnapshotClient(new DockerClient(settings.dockerHost, 1));
  const made = await lookAndPlan({ docker, stack: stack.name, settings, preview: true, state });
  return { refused: made.kind === "refusal", text: summary(made) };
}

/** Plans a config that must be refused, and returns the refusal. */
export async function refusalOf(stack: TestStack, config: Config): Promise<string> {
  const { refused, text } = await planned(stack, config);
  expect(refused, text).toBe(true);
  expect(text).toContain("nothing was touched");
  return text;
}

/** The values of a stack's file as Pulumi passes them on: every value is a string, structured values are JSON. */
function valuesIn(file: string): Record<string, string> {
  const { config } = parse(file) as { config: Record<string, string | number | boolean | object> };
  const own = Object.entries(config).filter(([key]) => key.startsWith(NAMESPACE));
  return Object.fromEntries(
    own.map(([key, value]) => {
      const text = typeof value === "object" ? JSON.stringify(value) : String(value);
      if (text.includes('"secure":')) throw new Error(`${key} is encrypted: what it is, the test has to say`);
      return [key.slice(NAMESPACE.length), text];
    }),
  );
}

/** A value of the state as the program gets it: secrets without their mark. */
function revealed(value: StateResource["outputs"]): unknown {
  return JSON.parse(JSON.stringify(value ?? {}), (_, inner: unknown) =>
    isSecret(inner) ? (JSON.parse((inner as { plaintext: string }).plaintext) as unknown) : inner,
  ) as unknown;
}
