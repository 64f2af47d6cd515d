import type * as pulumi from "@pulumi/pulumi";
import { runScript } from "../resources/script";
import type { Site } from "../resources/site";
import type { Postgres } from "../services/postgres";
import { databaseOf, isPrepared } from "./preparation";

interface OwnershipArgs {
  readonly postgres: Postgres;
  readonly after: pulumi.Resource;
}

/**
 * Gives the application's role the ownership of its database and of all that the superuser has made there, and creates
 * the extensions that the migrations need. It comes after the rehearsal, before anything is stopped. It runs with every
 * change of release, if the role is missing, if a container still connects as the superuser, and if an operator has
 * given the superuser another password than the role has. Requests to a table may wait for 1.5 s meanwhile.
 */
export function grantOwnership(site: Site, { postgres, after }: OwnershipArgs): pulumi.Resource {
  const { plan } = site;
  return runScript(site, {
    name: "application-role",
    script: "application-role",
    input: {
      ...databaseOf(site, postgres),
      release: { from: plan.from?.tag, to: plan.to.tag },
      extensions: plan.extensions,
    },
    dependsOn: [after],
    frozen: !isPrepared(plan) && !plan.preparesRole,
  });
}
