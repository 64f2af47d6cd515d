import * as pulumi from "@pulumi/pulumi";
import { NestFleet } from "../../components/nestfleet";
import type { HostFacts } from "../../components/release/facts";
import { type LastUpdate, plan, type Unreachable } from "../../components/release/plan";
import { check } from "../../components/settings/check";

/** A resource as the program asked for it. Mocks show inputs, not options: those are proved on the real engine. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

const COMPUTED: Record<string, (name: string) => Record<string, unknown>> = {
  "docker:index/remoteImage:RemoteImage": (name) => ({
    imageId: `sha256:${name}`,
    repoDigest: `${name}@sha256:digest`,
  }),
  "docker:index/network:Network": (name) => ({ name }),
  "docker:index/container:Container": (name) => ({ name: `${name}-1a2b3c4` }),
  "random:index/randomPassword:RandomPassword": (name) => ({ result: `generated-${name}` }),
  "random:index/randomBytes:RandomBytes": () => ({ hex: "ab".repeat(32) }),
  "command:local:Command": (name) => ({
    stdout: name.endsWith("-build") ? `sha256:built-${name}` : '{"version":"1.5.0","started":1,"backup":null}',
  }),
};

/** The mark under which the engine carries a secret; a mock sees it as it travels. */
const SECRET_SIGNATURE = { key: "4dabf18193072939515e22adb298388d", value: "1b47061264138c4ac30d75fd1eb44270" };

/** What a script is told: the value of a secret, too, as the script sees it. */
export function requestOf({ inputs }: Registered): unknown {
  const { stdin } = inputs;
  return JSON.parse(isSecret(stdin) ? (stdin as { value: string }).value : (stdin as string)) as unknown;
}

export function isSecret(value: unknown): boolean {
  return (value as Record<string, unknown> | undefined)?.[SECRET_SIGNATURE.key] === SECRET_SIGNATURE.value;
}

/**
 * What the program registers for a config, in the order of registration, without the stack itself: on a host that
 * cannot be asked, or on one that has these facts.
 */
export async function registered(
  config: Record<string, unknown>,
  host: HostFacts | Unreachable = { unreachable: "mocks" },
  last: LastUpdate = {},
): Promise<Registered[]> {
  const resources: Registered[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        const given = inputs as Record<string, unknown>;
        resources.push({ type, name, inputs: given });
        return { id: `id-${name}`, state: { ...COMPUTED[type]?.(name), ...given } };
      },
      call: () => ({}),
    },
    "nestfleet",
    "test",
  );
  const values = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
  const checked = check({ values, encrypted: new Set(["secrets", "secretEnv"]), stack: "test" });
  if ("problems" in checked) throw new Error(JSON.stringify(checked.problems));
  const { settings } = checked;
  new NestFleet("nestfleet-test", settings, plan("test", settings, host, last));
  await pulumi.runtime.disconnect();
  return resources;
}
