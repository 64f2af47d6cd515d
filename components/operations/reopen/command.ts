import { PatientClient } from "../../host/docker/patient-client";
import { endHold } from "../../host/routing/writers";
import { persistently } from "../../host/undoing";
import type { Request } from "./request";

/** The database answers again: the requests that were held for it go to who had them before. */
export async function reopen({ dockerHost, caddy }: Request): Promise<string | undefined> {
  await persistently(() => endHold(new PatientClient(dockerHost), caddy));
  return undefined;
}
