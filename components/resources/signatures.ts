import { createHash } from "node:crypto";
import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { runScript } from "./script";
import type { Site } from "./site";

/**
 * Once the stack has its key: signs the backups of a program that had none, before the next one is taken. The script
 * finds the key with the container, and is told its digest, so that another key makes it run again.
 */
export function signBackups(
  site: Site,
  { container, key, after }: { container: docker.Container; key: pulumi.Output<string>; after: pulumi.Resource },
): pulumi.Resource {
  const digest = key.apply((text) => createHash("sha256").update(text).digest("hex"));
  return runScript(site, {
    name: "signatures",
    script: "sign",
    input: { dockerHost: site.settings.dockerHost, postgres: container.name, key: digest },
    dependsOn: [after],
  });
}
