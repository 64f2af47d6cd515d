import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { runScript } from "./script";
import type { Site } from "./site";

/**
 * After postgres was replaced, and whenever the plan finds indexes that another version of the C library or of ICU has
 * sorted: rebuilds those indexes while requests are served, and notes the version of today. Nothing that relies on the
 * database's order goes on before that; an index that cannot be rebuilt makes the update red, and postgres serves on.
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
