import type { Healthcheck } from "../host/docker/healthchecks";
import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { goDuration } from "../release/containers/canonical";
import { asInputs, TEMPORARY } from "../host/docker/hardening";
import { LABELS, type Role } from "../release/names";
import { ALL_LIMITS, heldLimits, type Limits } from "../release/containers/limits";
import { onDocker, type Site } from "./site";

/** A container and its gate. Resources that need the container to work depend on `ready`. */
export interface Service {
  readonly container: docker.Container;
  readonly healthcheck?: Healthcheck | undefined;
  readonly ready: pulumi.Resource;
}

/** The properties of a container that differ between the services. `containerArgs` adds the common ones. */
export interface Definition {
  readonly role: Role;
  /** The resource's logical name, after the stack's prefix, if it is not the role: there may be several workers. */
  readonly name?: string;
  readonly image: pulumi.Input<string>;
  /** The release that the container runs. Operators read it, and it identifies what a killed update left behind. */
  readonly version: string;
  /**
   * `beside`: the new container starts while the old one serves, which is removed last (api, console, worker).
   * `after`: the old container stops first, because two cannot share a data directory or a port.
   */
  readonly replacement: "beside" | "after";
  /** A fixed container name. Without it the name ends in a random suffix, which `beside` needs. */
  readonly fixedName?: string;
  readonly networks: readonly docker.types.input.ContainerNetworksAdvanced[];
  readonly env?: pulumi.Input<string>[];
  readonly command?: string[];
  readonly healthcheck?: Healthcheck;
  readonly mounts?: docker.types.input.ContainerMount[];
  readonly ports?: docker.types.input.ContainerPort[];
  /** The Linux capabilities that the container keeps; all others are dropped. */
  readonly capabilities?: string[];
  /** True leaves out options that older programs did not set, so that they alone do not replace the container. */
  readonly asBefore?: boolean;
  /** True makes only volumes, `/tmp` and the `temporary` directories writable; false the whole root file system. */
  readonly readOnly: boolean;
  /** Writable directories in memory besides `/tmp`, with the options of their mounts. */
  readonly temporary?: Readonly<Record<string, string>>;
  /** Seconds between SIGTERM and SIGKILL. */
  readonly graceSeconds: number;
  readonly limits: Limits;
  readonly shmMegabytes?: number;
  /** Docker's own init as process 1, which adopts and reaps orphaned processes. */
  readonly init?: true;
}

interface ServiceArgs extends Definition {
  /** The resources that must be done before the container starts. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * Makes a container with the options that all services have in common. Each prevents a loss of data or requests.
 *
 * - `replaceOnChanges: ["*"]`: without it the provider reports a changed healthcheck as updated and does nothing.
 * - `destroyGraceSeconds`: without it the provider kills the old container at once, whatever `stopTimeout` says. The
 *   provider uses the value in the state, so it is set from the first deployment on.
 * - `ignoreChanges`: the provider reads back every log option and every ulimit, also those that Docker's daemon.json
 *   adds, and compares their number, so a single one cannot be ignored. If a container has another log than the program
 *   sets, or other ulimits, the change is not ignored. The provider's issue:
 *   https://github.com/kreuzwerker/terraform-provider-docker/issues/873
 * - `wait: false`: the gate waits instead, because it can say why a container exited; the provider cannot.
 */
export function createContainer(site: Site, args: ServiceArgs): docker.Container {
  const { role, name = role, replacement, after } = args;
  return new docker.Container(`${site.name}-${name}`, containerArgs(site, args), {
    ...onDocker(site),
    dependsOn: [...after],
    replaceOnChanges: ["*"],
    deleteBeforeReplace: replacement === "after",
    ignoreChanges: [
      ...(site.plan.otherLogs.includes(role) ? [] : ["logOpts"]),
      ...(site.plan.ulimitsSet.includes(role) ? ["ulimits"] : []),
    ],
  });
}

/** The arguments of a container. Any other value in them replaces the container. */
export function containerArgs(site: Site, args: Definition): docker.ContainerArgs {
  return {
    ...(args.fixedName === undefined ? {} : { name: args.fixedName }),
    image: args.image,
    labels: labels({ stack: site.stack, role: args.role, version: args.version }),
    networksAdvanced: args.networks.map((network) => ({ aliases: [], ...network })),
    envs: args.env ?? [],
    ...(args.command && { command: args.command }),
    ...(args.healthcheck && { healthcheck: healthcheck(args.healthcheck) }),
    mounts: args.mounts ?? [],
    ports: args.ports ?? [],
    ...asInputs(
      {
        capabilities: args.capabilities,
        readOnly: args.readOnly ? { ...TEMPORARY, ...args.temporary } : undefined,
        serves: { graceSeconds: args.graceSeconds },
      },
      args.asBefore,
    ),
    ...heldLimits(args.limits, site.plan.limits ?? ALL_LIMITS),
    ...(args.shmMegabytes !== undefined && { shmSize: args.shmMegabytes }),
    ...(args.init && { init: args.init }),
    wait: false,
  };
}

function labels({ stack, role, version }: Record<"stack" | "role" | "version", string>) {
  return [
    { label: LABELS.stack, value: stack },
    { label: LABELS.role, value: role },
    { label: LABELS.version, value: version },
  ];
}

/** `startInterval` would make the first check sooner, but Docker below API 1.44 refuses it; the gate checks itself. */
function healthcheck({ test, intervalSeconds, startSeconds }: Healthcheck): docker.types.input.ContainerHealthcheck {
  return {
    tests: test,
    interval: goDuration(intervalSeconds),
    timeout: goDuration(5),
    retries: 3,
    startPeriod: goDuration(startSeconds),
  };
}
