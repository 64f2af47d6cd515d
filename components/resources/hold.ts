import { namesOf } from "../release/names";
import type { Parameters } from "../release/parameters";
import { createHash } from "node:crypto";
import type * as docker from "@pulumi/docker";
import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { runScript } from "./script";
import type { Site } from "./site";

/** The next container of the database, as far as it is known before it is made. */
interface HoldArgs {
  readonly image: pulumi.Input<string>;
  /** The network that the container will be on. */
  readonly back: pulumi.Input<string>;
  readonly definition: docker.ContainerArgs;
  /** The parameters that the operator has given to the server; undefined without any. */
  readonly parameters: Parameters | undefined;
  readonly readOnly: { readonly temporary: Readonly<Record<string, string>>; readonly data: string } | undefined;
  /** The images, which must be there first: requests are not held while an image is pulled or built. */
  readonly present: pulumi.Resource[];
}

/**
 * Prepares a replacement of postgres. The script connects the containers that use the database to its network, waits
 * until running requests are answered, and makes Caddy hold the next ones. It runs when the definition of the container
 * has changed, and again after a killed run. Its input has a digest of the definition, which contains a password. If
 * postgres is replaced for another reason (a refresh found a limit that was changed by hand), this script does not run.
 */
export function holdRequests(
  site: Site,
  { image, back, definition, parameters, readOnly, present }: HoldArgs,
): command.local.Command {
  const digest = pulumi.jsonStringify(definition).apply((json) => createHash("sha256").update(json).digest("hex"));
  return runScript(site, {
    name: "postgres-hold",
    script: "hold",
    input: {
      dockerHost: site.settings.dockerHost,
      stack: site.stack,
      postgres: namesOf(site.stack).containers.postgres,
      caddy: namesOf(site.stack).containers.caddy,
      image,
      parameters,
      readOnly,
      back,
      definition: digest,
    },
    dependsOn: present,
    again: site.plan.resumes,
  });
}

/**
 * Sends the requests back to the containers that received them before, once postgres answers. It runs whenever
 * `holdRequests` has held requests.
 */
export function reopen(
  site: Site,
  { held, after }: { held: command.local.Command; after: pulumi.Resource },
): pulumi.Resource {
  return runScript(site, {
    name: "postgres-reopen",
    script: "reopen",
    input: { dockerHost: site.settings.dockerHost, caddy: namesOf(site.stack).containers.caddy, held: held.stdout },
    dependsOn: [after],
  });
}
