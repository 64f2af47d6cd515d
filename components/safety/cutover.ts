import type * as pulumi from "@pulumi/pulumi";
import { runScript } from "../resources/script";
import { namesOf } from "../release/names";
import type { Service } from "../resources/service";
import type { Site } from "../resources/site";
import { entranceOf } from "../host/routing/entrance";

interface CutoverArgs {
  readonly caddy: Service;
  /** The new api and console. */
  readonly api: Service;
  readonly console: Service;
  /** The services that receive no user requests. */
  readonly others: readonly Service[];
}

/** The result of a cutover. */
export interface Cutover {
  /** The version in the answer of `/health`, which may differ from the configured one. */
  readonly version: pulumi.Output<string>;
  /** Milliseconds since 1970, so that every cutover has another value. */
  readonly started: pulumi.Output<number>;
  /** The resource that is done once the release receives the requests. Workers come after it. */
  readonly done: pulumi.Resource;
}

/**
 * Checks the new api and console as candidates, which receive no user requests, for `health.soakSeconds`: health,
 * version and login page, through the published ports, with the domain's own certificate. Then it sends all user
 * requests to them. If they fail, before or after that, the requests go to the previous containers, which have kept
 * running. It runs whenever one of its containers was replaced or the release changes. Workers come later: a release
 * that is rejected here never has a worker.
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
