import type * as command from "@pulumi/command";
import { namesOf } from "../release/names";
import type { Service } from "../resources/service";
import { runScript } from "../resources/script";
import type { Site } from "../resources/site";
import type { Cutover } from "./cutover";

/** The services that run once an update has succeeded, and its cutover. */
interface VerdictArgs {
  readonly cutover: Cutover;
  readonly caddy: Service;
  readonly api: Service;
  readonly console: Service;
  readonly workers: readonly Service[];
  readonly others: readonly Service[];
}

/**
 * The last step of an update, after the workers. It writes the success into the history and removes what the previous
 * release has left. It runs after each cutover, and whenever a container was replaced.
 */
export function giveVerdict(
  site: Site,
  { cutover, caddy, api, console, workers, others }: VerdictArgs,
): command.local.Command {
  const { backups, dockerHost, health, images, source, version } = site.settings;
  const names = namesOf(site.stack);
  const ids = (some: readonly Service[]) => some.map(({ container }) => container.id);
  const published = [...new Set([images.api, images.worker ?? images.api, images.console])];
  return runScript(site, {
    name: "verdict",
    script: "verdict",
    input: {
      dockerHost,
      stack: site.stack,
      caddy: caddy.container.name,
      postgres: names.containers.postgres,
      release: { tag: version.tag },
      started: cutover.started,
      serving: { api: api.container.id, console: console.container.id },
      workers: ids(workers),
      containers: ids([caddy, ...others]),
      timeoutSeconds: health.timeoutSeconds,
      holdSeconds: health.soakSeconds,
      repositories: source === undefined ? published : [names.images.api, names.images.console],
      keepReplacedDays: backups.keepReplacedDays,
    },
    // A change of release has a cutover, and therefore a verdict.
    again: site.plan.step !== "restart",
    dependsOn: [cutover.done, ...[...workers, ...others].map(({ ready }) => ready)],
  });
}
