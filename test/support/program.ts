import * as pulumi from "@pulumi/pulumi";
import { NestFleet } from "../../components/nestfleet";
import type { HostFacts } from "../../components/release/facts";
import { plan } from "../../components/release/plan";
import type { LastUpdate, Unreachable } from "../../components/release/plan-context";
import { check } from "../../components/settings/check";
import { isSecret } from "./secret";

type Request = Parameters<NonNullable<ReturnType<typeof pulumi.runtime.getMonitor>>["registerResource"]>[0];

/** A resource as the program registers it with Pulumi. The effect of the options is tested with the real Pulumi. */
export interface Registered {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  /** False for a component. */
  readonly custom: boolean;
  readonly inputs: Record<string, unknown>;
  /** Other URNs under which the state may have the resource. */
  readonly aliases: readonly string[];
  /** The URNs of the resources that it depends on. */
  readonly dependencies: readonly string[];
  readonly options: Options;
}

/** The options of a resource. */
interface Options {
  readonly provider: string;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  /** Null if the provider decides. */
  readonly deleteBeforeReplace: boolean | null;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  /** The inputs whose values a preview hides when they change. */
  readonly hideDiffs: readonly string[];
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

/** The request of a script, as the script reads it, with the values of secrets. */
export function requestOf({ inputs }: Registered): unknown {
  const { stdin } = inputs;
  return JSON.parse(isSecret(stdin) ? (stdin as { value: string }).value : (stdin as string)) as unknown;
}

/** Makes a URN by Pulumi's rule: it contains the types of all parents. */
function urnOf(parent: string, type: string, name: string): string {
  const [, , types = ""] = parent.split("::");
  return `urn:pulumi:test::nestfleet::${types === "" ? "" : `${types}$`}${type}::${name}`;
}

function asked(request: Request): Registered {
  const [type, name, parent] = [request.getType(), request.getName(), request.getParent()];
  const object = request.getObject();
  return {
    urn: urnOf(parent, type, name),
    type,
    name,
    parent,
    custom: request.getCustom(),
    inputs: object === undefined ? {} : pulumi.runtime.deserializeProperties(object),
    aliases: request.getAliasesList().map((alias) => {
      const spec = alias.getSpec();
      if (spec === undefined) return alias.getUrn();
      return urnOf(spec.getParenturn(), spec.getType() || type, spec.getName() || name);
    }),
    dependencies: request.getDependenciesList(),
    options: {
      provider: request.getProvider(),
      protect: request.getProtect() === true,
      retainOnDelete: request.getRetainondelete() === true,
      deleteBeforeReplace: request.getDeletebeforereplacedefined() ? request.getDeletebeforereplace() : null,
      ignoreChanges: request.getIgnorechangesList(),
      replaceOnChanges: request.getReplaceonchangesList(),
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      hideDiffs: request.getHidediffsList(),
    },
  };
}

/**
 * Gives the resources that the program registers for a configuration, in this order, without the stack itself. The
 * Docker host cannot be reached, or it has these facts.
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
        return { id: `id-${name}`, state: { ...COMPUTED[type]?.(name), ...(inputs as Record<string, unknown>) } };
      },
      call: () => ({}),
    },
    "nestfleet",
    "test",
  );
  const monitor = pulumi.runtime.getMonitor();
  if (monitor === undefined) throw new Error("there is no mock of the engine");
  // The mock would take only the type of the nearest parent into a URN.
  Object.assign(monitor, { newUrn: urnOf });
  const register = monitor.registerResource.bind(monitor) as (...call: unknown[]) => never;
  monitor.registerResource = (request: Request, ...rest: unknown[]) => {
    resources.push(asked(request));
    return register(request, ...rest);
  };
  const values = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
  const checked = check({ values, encrypted: new Set(["secrets", "secretEnv"]), stack: "test" });
  if ("problems" in checked) throw new Error(JSON.stringify(checked.problems));
  const { settings } = checked;
  new NestFleet("nestfleet-test", settings, plan({ stack: "test", settings, host, last }));
  await pulumi.runtime.disconnect();
  return resources;
}
