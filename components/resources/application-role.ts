import type * as pulumi from "@pulumi/pulumi";
import { runScript } from "./script";
import type { Site } from "./site";

/**
 * After the rehearsal, and before anything is stopped: the role as which the application works owns its database and all
 * that the superuser has made there, and the extensions exist that the migrations want. With every change of release;
 * where the server has no such role, or something works as the superuser still; and where the role has another password
 * than the one that an operator has given the superuser. Requests to a table may wait for 1.5 s meanwhile.
 */
export function grantOwnership(
  site: Site,
  subject: {
    readonly dockerHost: string;
    readonly stack: string;
    readonly postgres: pulumi.Output<string>;
    readonly attempt: string;
    readonly release: { readonly from: string | undefined; readonly to: string };
  },
  after: pulumi.Resource,
  frozen: boolean,
): pulumi.Resource {
  const { extensions, preparesRole } = site.plan;
  return runScript(site, {
    name: "application-role",
    script: "application-role",
    input: { ...subject, extensions },
    dependsOn: [after],
    frozen: frozen && !preparesRole,
  });
}
