import type * as pulumi from "@pulumi/pulumi";
import { runScript } from "../resources/script";
import { namesOf } from "../release/names";
import type { Service } from "../resources/service";
import type { Site } from "../resources/site";
import { entranceOf } from "../host/routing/entrance";

interface CutoverArgs {
  readonly caddy: Service;
  /** The new ones. */
  readonly api: Service;
  readonly console: Service;
  /** Those that no request is routed to. */
  readonly others: readonly Service[];
}

/** What answered from outside. */
export interface Cutover {
  /** The version in the health answer, not the one that was asked for. */
  readonly version: pulumi.Output<string>;
  /** Milliseconds since 1970: differs from cutover to cutover. */
  readonly started: pulumi.Output<number>;
  /** The release has the requests, and may have workers. */
  readonly done: pulumi.Resource;
}

/**
 * Asks the new api and console as a user would, through the published ports, with the
 * domain's own TLS, for health, version and login page, for `health.soakSeconds`, as candidates that nobody else
 * reaches; then sends everybody there. When they fail, before or after, the requests are with the containers that
 * served before, which have been running all along. Runs whenever one of its containers was replaced or the release
 * changes. Workers follow: a release that is refused here has none.
 */
export function cutOver(site: Site, { caddy, api, console, others }: CutoverArgs): Cutover {
  const { dockerHost, health, version } = site.settings;
  const target = ({ container, healthcheck }: Service) => ({
    container: container.id,
    name: container.name,
    probe: healthcheck?.test,
  });
  const cutover = runScript(site, {
    name: "cutover",
    script: "cutover",
    input: {
      dockerHost,
      stack: site.stack,
      caddy: caddy.container.name,
      targets: { api: target(api), console: target(console) },
      containers: [caddy, ...others].map(({ container }) => container.id),
      entrance: entranceOf(site.settings),
      release: version,
      holdSeconds: health.soakSeconds,
      timeoutSeconds: health.timeoutSeconds,
      postgres: namesOf(site.stack).containers.postgres,
    },
    dependsOn: [caddy, api, console, ...others].map(({ ready }) => ready),
    again: site.plan.runsCutover,
  });
  const answer = cutover.stdout.apply((stdout) => JSON.parse(stdout) as Answer);
  return { version: answer.version, started: answer.started, done: cutover };
}

interface Answer {
  readonly version: string;
  readonly started: number;
}
