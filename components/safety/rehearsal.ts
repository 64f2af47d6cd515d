import type * as pulumi from "@pulumi/pulumi";
import type { Image } from "../resources/images";
import { runScript } from "../resources/script";
import type { Site } from "../resources/site";
import type { Postgres } from "../services/postgres";
import type { Backup } from "./backup";
import { databaseOf, isPrepared } from "./preparation";

interface Rehearsal {
  readonly passed: pulumi.Resource;
  /** What the migrations took on the copy, in seconds: the api may take as long before it answers. */
  readonly migrationSeconds: pulumi.Input<number>;
}

/** Restores the backup and runs the migrations of the release on that copy, while the release before serves. */
export function rehearse(
  site: Site,
  { postgres, backup, image }: { postgres: Postgres; backup: Backup; image: Image },
): Rehearsal {
  const { plan, settings } = site;
  const rehearsal = runScript(site, {
    name: "rehearsal",
    script: "rehearse",
    input: {
      ...databaseOf(site, postgres),
      release: { from: plan.from?.tag, to: plan.to.tag },
      image: image.id,
      migrateCommand: settings.migrateCommand,
      extensions: plan.extensions,
      mode: plan.rehearsal,
      backup: backup.id,
    },
    dependsOn: [backup.taken],
    frozen: !isPrepared(plan),
  });
  // Known where no migration is rehearsed: a preview need not take it for a change.
  const migrationSeconds = plan.rehearsal === "full" ? rehearsal.stdout.apply(secondsIn) : 0;
  return { passed: rehearsal, migrationSeconds };
}

function secondsIn(stdout: string): number {
  return (JSON.parse(stdout) as { totalMigrationSeconds?: number }).totalMigrationSeconds ?? 0;
}
