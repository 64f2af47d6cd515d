import { createHash } from "node:crypto";
import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { runScript } from "./script";
import type { Site } from "./site";

/**
 * Signs the backups that were taken before the stack had a key, before the next one is taken. The script reads the key
 * from the environment of the container. Its input has a digest of the key, so that a new key makes it run again.
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
