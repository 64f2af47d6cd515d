import type * as pulumi from "@pulumi/pulumi";
import { runScript } from "../docker/script";
import type { Site } from "../docker/site";
import type { Postgres } from "../services/postgres";
import type { Safeguard } from "./safeguard";

/**
 * After the backup and the rehearsal, before an api starts: the role as which the application works owns its database
 * and all that the superuser has made there, and the extensions exist that its migrations may not make. With every
 * change of release, where the server has no such role, and where the role has another password than the one that an
 * operator has given the superuser. Requests to a table may wait for 1.5 s meanwhile.
 */
export function grantOwnership(site: Site, postgres: Postgres, safeguard: Safeguard): pulumi.Resource {
  return runScript(
    site,
    "application-role",
    "application-role",
    {
      dockerHost: site.settings.dockerHost,
      attempt: new Date().toISOString(),
      postgres: postgres.container.name,
      extensions: site.plan.extensions,
    },
    { dependsOn: [safeguard.ready], frozen: safeguard.frozen && !site.plan.preparesRole },
  );
}
