import type * as pulumi from "@pulumi/pulumi";
import type { Image } from "../resources/images";
import { runScript } from "../resources/script";
import type { Site } from "../resources/site";
import type { Postgres } from "../services/postgres";
import type { Taken } from "./backup";
import { databaseOf, isPrepared } from "./preparation";

interface RehearsalArgs {
  readonly postgres: Postgres;
  readonly backup: Taken;
  /** The image of the api, which contains the migrations. */
  readonly image: Image;
}

interface Rehearsal {
  readonly done: pulumi.Resource;
  /** How many seconds the migrations took on the copy: the api may take as long before it answers. */
  readonly migrationSeconds: pulumi.Input<number>;
}

/** Restores the backup and runs the migrations of the new release on that copy, while the old release serves. */
export function rehearse(site: Site, { postgres, backup, image }: RehearsalArgs): Rehearsal {
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
    dependsOn: [backup.done],
    frozen: !isPrepared(plan),
  });
  // A known value if no migration is rehearsed, so that a preview does not show it as a change.
  const migrationSeconds = plan.rehearsal === "full" ? rehearsal.stdout.apply(secondsIn) : 0;
  return { done: rehearsal, migrationSeconds };
}

function secondsIn(stdout: string): number {
  return (JSON.parse(stdout) as { totalMigrationSeconds?: number }).totalMigrationSeconds ?? 0;
}
