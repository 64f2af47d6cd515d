import * as pulumi from "@pulumi/pulumi";
import { publicUrl } from "../host/routing/entrance";
import { UPSTREAM_PORTS } from "../release/names";
import { APPLICATION_SECRETS, VARIABLES } from "../release/secrets";
import type { Secrets } from "../resources/secrets";
import type { Site } from "../resources/site";

/** The application's environment, as NestFleet defines it. Api and worker get the same. */
export function applicationEnv(
  site: Site,
  { databaseUrl, secrets }: { databaseUrl: pulumi.Output<string>; secrets: Secrets },
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
