import { createHash } from "node:crypto";
import type * as docker from "@pulumi/docker";
import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { runScript } from "../docker/script";
import type { Site } from "../docker/site";

/**
 * Before postgres is replaced: what works on the database is connected to its network, and once the requests in hand are
 * answered, Caddy holds the next ones. It runs when the definition of the container is another one, which is what makes
 * the engine replace it; of that the script is told a digest, since there is a password in it.
 */
export function holdRequests(
  site: Site,
  definition: docker.ContainerArgs,
  back: pulumi.Input<string>,
): command.local.Command {
  const digest = pulumi.jsonStringify(definition).apply((json) => createHash("sha256").update(json).digest("hex"));
  return runScript(site, "postgres-hold", "hold", {
    dockerHost: site.settings.dockerHost,
    stack: site.stack,
    postgres: `${site.name}-postgres`,
    caddy: `${site.name}-caddy`,
    back,
    definition: digest,
  });
}

/** Once postgres answers: the requests go to who had them before. It runs whenever requests were held for it. */
export function reopen(site: Site, held: command.local.Command, ready: pulumi.Resource): pulumi.Resource {
  return runScript(
    site,
    "postgres-reopen",
    "reopen",
    { dockerHost: site.settings.dockerHost, caddy: `${site.name}-caddy`, held: held.stdout },
    { dependsOn: [ready] },
  );
}
