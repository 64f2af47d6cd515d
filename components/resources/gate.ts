import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { runScript } from "./script";
import type { Role } from "./service";
import type { Healthcheck } from "../host/docker/healthchecks";
import type { Site } from "./site";

/**
 * Lets the update go on once the container answers its own healthcheck. Red within seconds when it dies, with the last
 * lines of its log. `whenRefused: "stop"` stops the refused container, so that it neither restarts for ever nor takes
 * traffic beside the one that still serves; `leave` is for services that have no second. The deadline grows with what
 * the migrations took in the rehearsal, and starts anew with each migration that is done.
 */
export function createGate(
  site: Site,
  role: Role,
  name: string,
  container: docker.Container,
  healthcheck: Healthcheck | undefined,
  whenRefused: "stop" | "leave",
  migrationSeconds: pulumi.Input<number> = 0,
): pulumi.Resource {
  const { dockerHost, health } = site.settings;
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
      postgres: `${site.name}-postgres`,
      caddy: `${site.name}-caddy`,
      whenRefused,
    },
  });
}
