import { PatientClient } from "../../host/docker/patient-client";
import { interruptible } from "../../host/interruption";
import { Routing } from "../../host/routing/routing";
import { restore } from "../restore/restore";
import type { Request } from "./request";

/**
 * Rolls data and code back together, as a step of an update. The restore switches the requests by itself. So the cutover
 * that follows need not be immediate, and the note that asks for it is removed.
 */
export async function restoreRelease({ dockerHost, ...asked }: Request): Promise<string> {
  const docker = new PatientClient(dockerHost);
  await Routing.of(docker, asked.caddy).requestImmediateCutover(false);
  const restored = await interruptible((signal) => restore(docker, { ...asked, replaced: undefined }, signal));
  return JSON.stringify(restored);
}
