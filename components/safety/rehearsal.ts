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
  /** The api's, which brings the migrations. */
  readonly image: Image;
}

interface Rehearsal {
  readonly done: pulumi.Resource;
  /** What the migrations took on the copy, in seconds: the api may take as long before it answers. */
  readonly migrationSeconds: pulumi.Input<number>;
}

/** Restores the backup and runs the migrations of the release on that copy, while the release before serves. */
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
  // Known where no migration is rehearsed: a preview need not take it for a change.
  const migrationSeconds = plan.rehearsal === "full" ? rehearsal.stdout.apply(secondsIn) : 0;
  return { done: rehearsal, migrationSeconds };
}

function secondsIn(stdout: string): number {
  return (JSON.parse(stdout) as { totalMigrationSeconds?: number }).totalMigrationSeconds ?? 0;
}
