import type { Healthcheck } from "../host/docker/healthchecks";
import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { goDuration } from "../release/containers/canonical";
import { asInputs, TEMPORARY } from "../host/docker/hardening";
import { LABELS, type Role } from "../release/names";
import { ALL_LIMITS, heldLimits, type Limits } from "../release/containers/limits";
import { onDocker, type Site } from "./site";

/** A container, and the gate behind which it is known to work: what comes next depends on `ready`. */
export interface Service {
  readonly container: docker.Container;
  readonly healthcheck?: Healthcheck | undefined;
  readonly ready: pulumi.Resource;
}

/** Everything about a container that differs between the services; the rest is the same for all and lives below. */
export interface Definition {
  readonly role: Role;
  /** The resource's logical name, after the stack's prefix, where it is not the role: one of several. */
  readonly name?: string;
  readonly image: pulumi.Input<string>;
  /** The release that the container runs, for people and for finding what a killed update left behind. */
  readonly version: string;
  /**
   * `beside`: the new container starts while the old one serves, and the old one goes last (api, console, worker).
   * `after`: the old one stops first, because two cannot share a data directory or a port.
   */
  readonly replacement: "beside" | "after";
  /** A fixed container name; without one the name ends in a random suffix, which `beside` needs. */
  readonly fixedName?: string;
  readonly networks: readonly docker.types.input.ContainerNetworksAdvanced[];
  readonly env?: pulumi.Input<string>[];
  readonly command?: string[];
  readonly healthcheck?: Healthcheck;
  readonly mounts?: docker.types.input.ContainerMount[];
  readonly ports?: docker.types.input.ContainerPort[];
  /** Linux capabilities that stay; all others are dropped. */
  readonly capabilities?: string[];
  /** Made as older programs have made it: no other change is a reason to replace it. */
  readonly asBefore?: boolean;
  /** False leaves the root file system writable; else it is written to nowhere but in volumes, `/tmp` and below. */
  readonly readOnly: boolean;
  /** Directories in memory besides `/tmp`, with the options of their mounts. */
  readonly temporary?: Readonly<Record<string, string>>;
  /** Seconds between SIGTERM and SIGKILL. */
  readonly graceSeconds: number;
  readonly limits: Limits;
  readonly shmMegabytes?: number;
  /** Docker's own init as process 1, which adopts and reaps what others leave behind. */
  readonly init?: true;
}

interface ServiceArgs extends Definition {
  /** What must be done before the container starts. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * The house rules of a container, each learned from a way to lose data or traffic.
 *
 * - `replaceOnChanges: ["*"]`: the provider reports an edited healthcheck as updated and does nothing.
 * - `destroyGraceSeconds`: without it the provider kills the old container at once, whatever `stopTimeout` says; the
 *   value used is the one already in state, so it is set from the first deployment on.
 * - `ignoreChanges`: the provider reads back every option of the log and every ulimit, also those that the engine's
 *   daemon.json adds, and counts them: one of them alone cannot be left out. Where a container has another log than the
 *   one below, or not our ulimits, the change is seen. The provider's account:
 *   https://github.com/kreuzwerker/terraform-provider-docker/issues/873
 * - `wait: false`: the gate waits, and can say why a container died; the provider cannot.
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

/** What decides whether a container is the one that is wanted: another value of any of it makes another container. */
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

/** `startInterval` would make the first check sooner, but engines below API 1.44 refuse it; the gate asks by itself. */
function healthcheck({ test, intervalSeconds, startSeconds }: Healthcheck): docker.types.input.ContainerHealthcheck {
  return {
    tests: test,
    interval: goDuration(intervalSeconds),
    timeout: goDuration(5),
    retries: 3,
    startPeriod: goDuration(startSeconds),
  };
}
