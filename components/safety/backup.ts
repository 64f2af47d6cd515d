import * as pulumi from "@pulumi/pulumi";
import type { Images } from "../resources/images";
import { runScript } from "../resources/script";
import type { Site } from "../resources/site";
import type { Postgres } from "../services/postgres";
import { databaseOf, isPrepared } from "./preparation";

/** A backup of this update. */
export interface Backup {
  /** Null where there was nothing to back up. */
  readonly id: pulumi.Output<string | null>;
  readonly taken: pulumi.Resource;
}

/** Takes a backup of the release that serves, while it serves. */
export function takeBackup(site: Site, { postgres, images }: { postgres: Postgres; images: Images }): Backup {
  const { plan } = site;
  const backup = runScript(site, {
    name: "backup",
    script: "backup",
    input: {
      ...databaseOf(site, postgres),
      ...backupPolicy(site),
      rehearsal: plan.rehearsal,
      release: { from: plan.from?.tag, to: plan.to.tag },
      partOfUpdate: true,
    },
    // Not before every image is there: a pull may take long, and what is written meanwhile belongs into the backup.
    dependsOn: [postgres.ready, ...Object.values(images).map(({ brought }) => brought)],
    frozen: !isPrepared(plan),
  });
  const id = backup.stdout.apply((stdout) => (JSON.parse(stdout) as { backup: string | null }).backup);
  return { id, taken: backup };
}

/** What holds for every backup that an update takes. */
export function backupPolicy({ plan, settings }: Site) {
  const { backups, restore } = settings;
  return {
    version: plan.from?.tag ?? plan.to.tag,
    keep: backups.keep,
    acceptSmaller: backups.acceptSmaller,
    // It may be what a restore is to mend that there is less than there was.
    compared: plan.restore === undefined,
    // What the config names may be wanted again, however many have been taken since.
    spare: restore === undefined ? [] : [restore],
  };
}
