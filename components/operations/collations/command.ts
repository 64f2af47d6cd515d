import { DockerClient } from "../../host/docker/client";
import { refreshCollations } from "./collations";
import { Database } from "../../host/database/database";
import type { Request } from "./request";

/** Rebuilds the indexes that an image of postgres with another C library has sorted. Gives their number, as JSON. */
export async function refreshDatabaseCollations({ dockerHost, postgres }: Request): Promise<string> {
  return JSON.stringify(await refreshCollations(new Database(new DockerClient(dockerHost), postgres)));
}
