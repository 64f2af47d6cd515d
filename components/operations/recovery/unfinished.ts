import type { DockerClient } from "../../host/docker/client";
import { ifRunning } from "../../host/docker/containers";
import { Database } from "../../host/database/database";
import { isInterrupted, Routing } from "../../host/routing/routing";
import { namesOf } from "../../release/names";
import { hasBegun } from "../restore/state";

/**
 * True when an update was killed after it had stopped the old release, had begun to restore a backup, or held the requests
 * to replace postgres. Without the database nothing can be undone; then the update makes the database first.
 */
export async function isUnfinished(docker: DockerClient, stack: string): Promise<boolean> {
  const { postgres, caddy } = namesOf(stack).containers;
  // Both queries run at once. The proxy's answer counts only if no restore has begun.
  const routing = ifRunning(Routing.of(docker, caddy).state());
  routing.catch(() => undefined);
  const restores = await ifRunning(hasBegun(new Database(docker, postgres)));
  if (restores !== false) return restores === true;
  const state = await routing;
  return state !== undefined && isInterrupted(state);
}
