import type { Images } from "../resources/images";
import { runScript } from "../resources/script";
import type { Site } from "../resources/site";
import type { Plan } from "../release/plan";
import { breakingIn } from "../release/situation";
import type { Prepared } from "../services/api";
import type { Postgres } from "../services/postgres";
import { grantOwnership } from "../resources/application-role";

interface Rehearsed {
  readonly totalMigrationSeconds?: number;
}

/**
 * Before the new release touches anything: a backup, and a rehearsal of restore and migrations on a copy, while the
 * old release serves. Both run with every attempt at a change of release, also at one that was refused before, since
 * data have been written meanwhile; and never otherwise: a restart leaves the commands as they are.
 */
export function safeguard(site: Site, postgres: Postgres, images: Images): Prepared {
  const { settings, plan, stack } = site;
  const { dockerHost, backups, confirmRestore, health } = settings;
  const mode = plan.rehearsal;
  const frozen = plan.step === "restart" && !plan.needsBackup;
  const subject = { dockerHost, stack, postgres: postgres.container.name, attempt: new Date().toISOString() };
  const taking = {
    ...subject,
    version: plan.from?.tag ?? plan.to.tag,
    keep: backups.keep,
    acceptSmaller: backups.acceptSmaller,
    // It may be what a restore is to mend that there is less than there was.
    compared: plan.restore === undefined,
    // What the config names may be wanted again, however many have been taken since.
    spare: settings.restore === undefined ? [] : [settings.restore],
  };
  const release = { from: plan.from?.tag, to: plan.to.tag };
  // Not before every image is there: a pull may take long, and what is written meanwhile belongs into the backup.
  const present = [postgres.ready, ...Object.values(images).map(({ brought }) => brought)];
  const backup = runScript(site, {
    name: "backup",
    script: "backup",
    input: { ...taking, rehearsal: mode, release, partOfUpdate: true },
    dependsOn: present,
    frozen,
  });
  const taken = backup.stdout.apply((stdout) => (JSON.parse(stdout) as { backup: string | null }).backup);
  const rehearsal = runScript(site, {
    name: "rehearsal",
    script: "rehearse",
    input: {
      ...subject,
      release,
      image: images.api.id,
      migrateCommand: settings.migrateCommand,
      extensions: plan.extensions,
      mode,
      backup: taken,
    },
    dependsOn: [backup],
    frozen,
  });
  const owned = grantOwnership(site, { ...subject, release }, rehearsal, frozen);
  const ready = runScript(site, {
    name: "writers",
    script: "writers",
    input: {
      ...taking,
      caddy: `${site.name}-caddy`,
      target: plan.to.tag,
      action: actionOf(plan),
      timeoutSeconds: health.timeoutSeconds,
      ...(plan.restore && {
        restore: plan.restore.manifest.id,
        taken,
        confirmation: confirmRestore,
        images: { api: images.api.id, worker: images.worker.id, console: images.console.id },
      }),
    },
    dependsOn: [owned],
    frozen,
  });
  const seconds = rehearsal.stdout.apply((stdout) => (JSON.parse(stdout) as Rehearsed).totalMigrationSeconds ?? 0);
  // Known where no migration is rehearsed: a preview need not take it for a change.
  const migrationSeconds = mode === "full" ? seconds : 0;
  return { ready, migrationSeconds };
}

function actionOf({
  strategy,
  pending = [],
  unexplained,
  ahead,
  restore,
}: Plan): "restore" | "stop" | "hurry" | "leave" {
  if (restore) return "restore";
  if (strategy === "recreate") return "stop";
  return breakingIn({ schema: { pending, unexplained, ahead } }).length > 0 ? "hurry" : "leave";
}
