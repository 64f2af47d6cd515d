import type * as pulumi from "@pulumi/pulumi";
import { namesOf } from "../release/names";
import type { RestoreImpact } from "../release/restore-impact";
import type { Images } from "../resources/images";
import { runScript } from "../resources/script";
import type { Site } from "../resources/site";
import type { Postgres } from "../services/postgres";
import type { Taken } from "./backup";
import { databaseOf } from "./preparation";
import { WRITERS } from "./recreate";

interface RestoreArgs {
  readonly postgres: Postgres;
  readonly images: Images;
  /** The backup that becomes the database. */
  readonly restoration: RestoreImpact;
  /** The backup that this update has taken of the live database. */
  readonly backup: Taken;
  readonly after: pulumi.Resource;
}

/**
 * Restores a backup beside the live database, exchanges the two, and sends the requests to the release of the backup.
 * It takes the place of `recreate`, also in the state.
 */
export function restore(site: Site, { postgres, images, restoration, backup, after }: RestoreArgs): pulumi.Resource {
  const { confirmRestore, health } = site.settings;
  return runScript(site, {
    name: WRITERS,
    script: "restore-release",
    input: {
      ...databaseOf(site, postgres),
      caddy: namesOf(site.stack).containers.caddy,
      backup: restoration.manifest.id,
      to: site.plan.to.tag,
      images: { api: images.api.id, worker: images.worker.id, console: images.console.id },
      confirmation: confirmRestore,
      taken: backup.id,
      timeoutSeconds: health.timeoutSeconds,
    },
    dependsOn: [after],
    frozen: false,
  });
}
