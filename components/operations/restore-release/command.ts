import { PatientClient } from "../../host/docker/patient-client";
import { interruptible } from "../../host/interruption";
import { NEXT } from "../../host/output";
import { hurry } from "../../host/routing/writers";
import { restore } from "../restore/restore";
import type { Request } from "./request";

/**
 * Takes data and code back together, as a step of an update. The restore sends the requests over by itself: the cutover
 * that follows has no release before it to hurry for.
 */
export async function restoreRelease({ dockerHost, ...asked }: Request): Promise<string> {
  const docker = new PatientClient(dockerHost);
  await hurry(docker, asked.caddy, false);
  const restored = await interruptible((signal) =>
    restore(docker, { ...asked, replaced: undefined, next: NEXT }, signal),
  );
  return JSON.stringify(restored);
}
