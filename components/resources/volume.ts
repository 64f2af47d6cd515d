import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { namesOf, type VolumePurpose } from "../release/names";
import { onDocker, type Site } from "./site";

/**
 * Makes a volume that outlives its containers. It is protected, so that `pulumi destroy` refuses to remove it, and
 * retained, so that Docker keeps it even if the resource is unprotected. A later `up` under the same name finds the
 * data again. It has no labels and no driver options, because the provider replaces (that is, deletes) the volume if
 * one changes.
 */
export function createVolume(site: Site, purpose: VolumePurpose): docker.Volume {
  const name = namesOf(site.stack).volumes[purpose];
  return new docker.Volume(name, { name }, { ...onDocker(site), protect: true, retainOnDelete: true });
}

/**
 * Gives the place that the configuration names, else the stack's own volume. If the stack already has its own volume
 * and the configuration names another place, the volume stays declared: a protected resource cannot be removed, and its
 * data are kept.
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
