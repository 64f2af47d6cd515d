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
 * After the rehearsal, and before anything is stopped: the role as which the application works owns its database and all
 * that the superuser has made there, and the extensions exist that the migrations want. With every change of release;
 * where the server has no such role, or something works as the superuser still; and where the role has another password
 * than the one that an operator has given the superuser. Requests to a table may wait for 1.5 s meanwhile.
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
