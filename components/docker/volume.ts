import * as docker from "@pulumi/docker";
import { placed, type Site } from "./site";

/**
 * A volume that outlives everything: protected, so that `pulumi destroy` refuses to take it, and retained, so that
 * Docker keeps it even when somebody unprotects the resource. A later `up` under the same name finds the data again.
 * No labels and no driver options: the provider would replace, that is, delete, the volume when one changes.
 */
export function createVolume(site: Site, purpose: string): docker.Volume {
  const name = `${site.name}-${purpose}`;
  return new docker.Volume(name, { name }, placed(site, { protect: true, retainOnDelete: true }));
}
