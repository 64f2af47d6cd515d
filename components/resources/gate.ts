import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { runScript } from "./script";
import { namesOf, type Role } from "../release/names";
import type { Healthcheck } from "../host/docker/healthchecks";
import type { Site } from "./site";

/** A container that must become healthy before the update goes on. */
interface GateArgs {
  readonly role: Role;
  /** Where it is not the role: one of several. */
  readonly name?: string;
  readonly container: docker.Container;
  /** Undefined where the image brings its own healthcheck or none. */
  readonly healthcheck: Healthcheck | undefined;
  /**
   * `stop` stops the refused container, so that it neither restarts for ever nor takes traffic beside the one that still
   * serves; `leave` is for services that have no second.
   */
  readonly whenRefused: "stop" | "leave";
  /** The tag of the release that the container is of; undefined where the service has versions of its own. */
  readonly release?: string;
  /** What the migrations took in the rehearsal. */
  readonly migrationSeconds?: pulumi.Input<number>;
}

/**
 * Lets the update go on once the container answers its own healthcheck. Red within seconds when it dies, with the last
 * lines of its log. The deadline grows with what the migrations took in the rehearsal, and starts anew with each migration
 * that is done.
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
