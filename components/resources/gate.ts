import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { runScript } from "./script";
import { namesOf, type Role } from "../release/names";
import type { Healthcheck } from "../host/docker/healthchecks";
import type { Site } from "./site";

/** A container that must become healthy before the update goes on. */
interface GateArgs {
  readonly role: Role;
  /** The name of the gate, if it is not the role: there may be several workers. */
  readonly name?: string;
  readonly container: docker.Container;
  /** Undefined if the image has its own healthcheck, or none. */
  readonly healthcheck: Healthcheck | undefined;
  /**
   * `stop` stops a container that fails, so that it neither restarts for ever nor works beside the old container, which
   * still serves. `leave` is for services that run as one container only.
   */
  readonly whenRefused: "stop" | "leave";
  /** The tag of the container's release; undefined for a service with versions of its own (postgres, caddy). */
  readonly release?: string;
  /** How long the migrations took in the rehearsal. */
  readonly migrationSeconds?: pulumi.Input<number>;
}

/**
 * Lets the update go on once the container passes its own healthcheck. If the container exits, the gate fails within
 * seconds, with the last lines of the container's log. The time that the migrations took in the rehearsal is added to
 * the deadline, and the deadline starts anew with each completed migration.
 */
export function createGate(
  site: Site,
  { role, name = role, container, healthcheck, whenRefused, release, migrationSeconds = 0 }: GateArgs,
): pulumi.Resource {
  const { dockerHost, health } = site.settings;
  const { containers } = namesOf(site.stack);
  return runScript(site, {
    name: `${name}-gate`,
    script: "gate",
    input: {
      dockerHost,
      stack: site.stack,
      role,
      container: container.id,
      ...(healthcheck && { probe: healthcheck.test }),
      timeoutSeconds: health.timeoutSeconds,
      migrationSeconds,
      postgres: containers.postgres,
      caddy: containers.caddy,
      whenRefused,
    },
    ...(release !== undefined && { release }),
  });
}
