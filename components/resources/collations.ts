import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { runScript } from "./script";
import type { Site } from "./site";

/**
 * Rebuilds the indexes that another version of the C library or of ICU has sorted, while requests are served, and
 * records the present version. It runs after postgres was replaced, and whenever the plan finds such indexes. The steps
 * that rely on the database's order wait for it. If an index cannot be rebuilt, the update fails and postgres runs on.
 */
export function refreshCollations(
  site: Site,
  { container, after }: { container: docker.Container; after: pulumi.Resource[] },
): pulumi.Resource {
  const { dockerHost } = site.settings;
  return runScript(site, {
    name: "collations",
    script: "collations",
    input: { dockerHost, postgres: container.name, container: container.id },
    dependsOn: after,
    again: site.plan.reindex?.now === true,
  });
}
