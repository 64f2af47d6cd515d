import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { namesOf, type VolumePurpose } from "../release/names";
import { onDocker, type Site } from "./site";

/**
 * A volume that outlives everything: protected, so that `pulumi destroy` refuses to take it, and retained, so that
 * Docker keeps it even when somebody unprotects the resource. A later `up` under the same name finds the data again.
 * No labels and no driver options: the provider would replace, that is, delete, the volume when one changes.
 */
export function createVolume(site: Site, purpose: VolumePurpose): docker.Volume {
  const name = namesOf(site.stack).volumes[purpose];
  return new docker.Volume(name, { name }, { ...onDocker(site), protect: true, retainOnDelete: true });
}

/**
 * The place that the config names, else a volume of the stack's own. One that the stack has already stays declared
 * beside the other place: protected, it could not leave the program, and nothing that lies there goes.
 */
export function namedOrOwn<Place>(
  site: Site,
  named: Place | undefined,
  purpose: VolumePurpose,
): Place | pulumi.Output<string> {
  if (named === undefined) return createVolume(site, purpose).name;
  if (hasOwn(site, purpose)) createVolume(site, purpose);
  return named;
}

/** Whether the stack has made a volume of its own before this update. */
export function hasOwn({ stack, plan }: Site, purpose: VolumePurpose): boolean {
  return plan.inState.includes(namesOf(stack).volumes[purpose]);
}
