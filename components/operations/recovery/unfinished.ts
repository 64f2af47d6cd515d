import type { DockerClient } from "../../host/docker/client";
import { ifRunning } from "../../host/docker/containers";
import { Database } from "../../host/database/database";
import { isInterrupted, Routing } from "../../host/routing/routing";
import { hasBegun } from "../restore/state";

/**
 * True when an update was killed that had stopped the release which served, had begun to restore a backup, or held the
 * requests while postgres was replaced. Without the database nothing can be taken back: the update makes it first.
 */
export async function isUnfinished(docker: DockerClient, name: string): Promise<boolean> {
  const restores = await ifRunning(hasBegun(new Database(docker, `${name}-postgres`)));
  if (restores !== false) return restores === true;
  const state = await ifRunning(Routing.of(docker, `${name}-caddy`).state());
  return state !== undefined && isInterrupted(state);
}
