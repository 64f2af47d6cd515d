import { namesOf } from "../release/names";
import { createHash } from "node:crypto";
import type * as docker from "@pulumi/docker";
import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { runScript } from "./script";
import type { Site } from "./site";

/** What is known of the next container of the database. */
interface HoldArgs {
  readonly image: pulumi.Input<string>;
  /** The network on which it will be. */
  readonly back: pulumi.Input<string>;
  readonly definition: docker.ContainerArgs;
  readonly readOnly: { readonly temporary: Readonly<Record<string, string>>; readonly data: string } | undefined;
  /** What must be there first: requests are not held for as long as it takes to pull or build an image. */
  readonly present: pulumi.Resource[];
}

/**
 * Before postgres is replaced: what works on the database is connected to its network, and once the requests in hand are
 * answered, Caddy holds the next ones. It runs when the definition of the container is another one, and again after a
 * killed run; of the definition the script is told a digest, since there is a password in it. A container that is
 * replaced for another reason (a refresh has found a limit that was changed by hand) is replaced without it.
 */
export function holdRequests(
  site: Site,
  { image, back, definition, readOnly, present }: HoldArgs,
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
      readOnly,
      back,
      definition: digest,
    },
    dependsOn: present,
    again: site.plan.resumes,
  });
}

/** Once postgres answers: the requests go to who had them before. It runs whenever the script before it has held any. */
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
