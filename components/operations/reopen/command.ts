import type { DockerClient } from "../../host/docker/client";
import { PatientClient } from "../../host/docker/patient-client";
import { Routing } from "../../host/routing/routing";
import { endHold } from "../../host/routing/writers";
import { persistently } from "../../host/undoing";
import type { Request } from "./request";

/** Ends the hold of requests once the database answers again: they go to the same containers as before. */
export async function reopen(
  { dockerHost, caddy }: Request,
  docker: DockerClient = new PatientClient(dockerHost),
): Promise<string | undefined> {
  const routing = Routing.of(docker, caddy);
  await persistently(() => endHold(routing));
  return undefined;
}
