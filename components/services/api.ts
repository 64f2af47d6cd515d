import * as pulumi from "@pulumi/pulumi";
import type { Image } from "../resources/images";
import type { Networks } from "../resources/network";
import { createContainer, type Service } from "../resources/service";
import type { Site } from "../resources/site";
import { createGate } from "../resources/gate";
import { APPLICATION_SECRETS, VARIABLES } from "../release/secrets";
import type { Secrets } from "../resources/secrets";
import { publicUrl } from "../host/routing/entrance";
import { apiHealthcheck } from "../host/docker/healthchecks";
import { UPSTREAM_PORTS } from "../release/names";

/** The application's environment, as its contract has it; api and worker share it. */
export function applicationEnv(
  site: Site,
  databaseUrl: pulumi.Output<string>,
  secrets: Secrets,
): pulumi.Input<string>[] {
  const { env, secretEnv } = site.settings;
  const optional = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const own: readonly string[] = Object.values(VARIABLES);
  const encrypted = Object.entries(secretEnv)
    .filter(([name]) => !own.includes(name))
    .map(([name, value]) => pulumi.secret(`${name}=${value}`));
  return [
    "NODE_ENV=production",
    `PORT=${UPSTREAM_PORTS.api}`,
    `CONSOLE_ORIGIN=${publicUrl(site.settings)}`,
    pulumi.interpolate`DATABASE_URL=${databaseUrl}`,
    ...APPLICATION_SECRETS.map((secret) => pulumi.interpolate`${VARIABLES[secret]}=${secrets[secret]}`),
    ...optional,
    ...encrypted,
  ];
}

/** What must be over before the api of a release starts. */
export interface Prepared {
  /** Backup, rehearsal and, where the two releases cannot run side by side, the stop of the old one. */
  readonly ready: pulumi.Resource;
  /** What the migrations took on the copy, in seconds: the api may take as long before it answers. */
  readonly migrationSeconds: pulumi.Input<number>;
}

/**
 * The api. A change starts a new container beside the old one, which serves until the cutover. The new one runs the
 * pending migrations before it listens. It has no alias: Caddy finds it by name, once it is named.
 */
export function createApi(
  site: Site,
  image: Image,
  networks: Networks,
  env: pulumi.Input<string>[],
  prepared: Prepared,
): Service {
  const container = createContainer(
    site,
    "api",
    {
      role: "api",
      image: image.id,
      version: site.settings.version.tag,
      replacement: "beside",
      networks: [{ name: networks.front }, { name: networks.back }],
      env,
      healthcheck: apiHealthcheck,
      graceSeconds: 30,
      readOnly: site.settings.resources.api.readOnly,
      limits: site.settings.resources.api,
    },
    { dependsOn: [prepared.ready] },
  );
  return {
    container,
    healthcheck: apiHealthcheck,
    ready: createGate(site, "api", "api", container, apiHealthcheck, "stop", prepared.migrationSeconds),
  };
}
