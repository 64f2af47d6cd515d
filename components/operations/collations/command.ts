import { DockerClient } from "../../host/docker/client";
import { refreshCollations } from "./collations";
import { Database } from "../../host/database/database";
import type { Request } from "./request";

/** Rebuilds what a postgres image with another C library has left in the wrong order. Gives how many indexes those were. */
export async function refreshDatabaseCollations({ dockerHost, postgres }: Request): Promise<string> {
  return JSON.stringify(await refreshCollations(new Database(new DockerClient(dockerHost), postgres)));
}
