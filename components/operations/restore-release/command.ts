import { PatientClient } from "../../host/docker/patient-client";
import { interruptible } from "../../host/interruption";
import { NEXT } from "../../host/output";
import { Routing } from "../../host/routing/routing";
import { restore } from "../restore/restore";
import type { Request } from "./request";

/**
 * Takes data and code back together, as a step of an update. The restore switches the requests by itself: the cutover that
 * follows need not be made at once for the sake of a release before it.
 */
export async function restoreRelease({ dockerHost, ...asked }: Request): Promise<string> {
  const docker = new PatientClient(dockerHost);
  await Routing.of(docker, asked.caddy).requestImmediateCutover(false);
  const restored = await interruptible((signal) =>
    restore(docker, { ...asked, replaced: undefined, next: NEXT }, signal),
  );
  return JSON.stringify(restored);
}
