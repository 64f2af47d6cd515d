import { newestChange } from "../../release/records/history";
import type { DockerClient } from "../../host/docker/client";
import { unlessDockerFails } from "../../host/docker/errors";
import { containersOf, versionOf } from "../../host/docker/containers";
import { isReleased } from "../../release/names";
import { Database } from "../../host/database/database";
import { readHistory } from "../../host/backups/history";
import { Routing, whoServes } from "../../host/routing/routing";

/** An update at the moment when one of its containers is refused. */
interface Attempt {
  readonly stack: string;
  readonly postgres: string;
  readonly caddy: string;
  readonly role: string;
  /** Id of the container. */
  readonly container: string;
}

/**
 * Finds the old and the new release of an update, as the Docker host shows them. The label of an api, console or worker
 * names its release; the label of postgres and caddy only their own image. If one of these two is refused, the new
 * release is the one whose api runs beside the old api, or else the old release itself. Undefined when no container
 * shows a release: a first install whose database fails.
 */
export async function changeOf(
  docker: DockerClient,
  attempt: Attempt,
): Promise<{ from?: string | undefined; to: string } | undefined> {
  const [from, containers] = await Promise.all([servedBefore(docker, attempt), containersOf(docker, attempt.stack)]);
  const refused = containers.find(({ id }) => id === attempt.container);
  const beside = containers.find(({ role, running, version }) => role === "api" && running && version !== from);
  const to = isReleased(attempt.role) ? refused?.version : (beside?.version ?? from);
  return to === undefined ? undefined : { from, to };
}

/** Gives the release that served, by the proxy's routing; by the history if the proxy or that container is missing. */
async function servedBefore(docker: DockerClient, { caddy, postgres }: Attempt): Promise<string | undefined> {
  const state = await unlessDockerFails(Routing.of(docker, caddy).state(), undefined);
  const served = state && (await versionOf(docker, whoServes(state).api));
  if (served !== undefined) return served;
  const history = await unlessDockerFails(readHistory(new Database(docker, postgres)), []);
  return newestChange(history)?.to;
}
