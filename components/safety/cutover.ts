import type * as pulumi from "@pulumi/pulumi";
import { runScript } from "../docker/script";
import type { Service } from "../docker/service";
import type { Site } from "../docker/site";

/** What answered from outside. */
export interface Verified {
  /** The version in the health answer, not the one that was asked for. */
  readonly version: pulumi.Output<string>;
}

/**
 * The last step of an update: asks the new api and console as a user would, through the published ports, with the
 * domain's own TLS, for health, version and login page, for `health.holdSeconds`, as candidates that nobody else
 * reaches; then sends everybody there. When they fail, before or after, the requests are with the containers that
 * served before, which have been running all along. Runs whenever a container was replaced or the release changes; `others` are those that no request is routed to.
 */
export function cutOver(
  site: Site,
  caddy: Service,
  api: Service,
  console: Service,
  others: readonly Service[],
): Verified {
  const { backups, dockerHost, domain, http, health, images, source, version } = site.settings;
  const target = ({ container, healthcheck }: Service) => ({
    container: container.id,
    name: container.name,
    probe: healthcheck?.test,
  });
  const published = [...new Set([images.api, images.worker ?? images.api, images.console])];
  const cutover = runScript(
    site,
    "cutover",
    "cutover",
    {
      dockerHost,
      stack: site.stack,
      caddy: caddy.container.name,
      targets: { api: target(api), console: target(console) },
      containers: [caddy, ...others].map(({ container }) => container.id),
      domain,
      http,
      release: version,
      holdSeconds: health.holdSeconds,
      timeoutSeconds: health.timeoutSeconds,
      postgres: `${site.name}-postgres`,
      keepReplacedDays: backups.keepReplacedDays,
      repositories: source === undefined ? published : [`${site.name}-api`, `${site.name}-console`],
    },
    { again: site.plan.settles, dependsOn: [caddy, api, console, ...others].map(({ ready }) => ready) },
  );
  const answer = cutover.stdout.apply((stdout) => JSON.parse(stdout) as Answer);
  return { version: answer.version };
}

interface Answer {
  readonly version: string;
}
