import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { namesOf } from "../release/names";
import { BACKUPS_PATH } from "../release/records/backup-id";
import { Component } from "../resources/component";
import type { Images } from "../resources/images";
import { runScript } from "../resources/script";
import type { Site } from "../resources/site";
import { hasOwn, namedOrOwn } from "../resources/volume";
import type { Postgres } from "../services/postgres";
import { databaseOf, isPrepared } from "./preparation";

interface TakeArgs {
  readonly postgres: Postgres;
  /** The images, which must be there first: the backup must have what is written during a long pull. */
  readonly images: Images;
}

/** A backup that an update has taken. */
export interface Taken {
  /** Null if there was no database to back up. */
  readonly id: pulumi.Output<string | null>;
  readonly done: pulumi.Resource;
}

/**
 * The place where backups are kept, and the backup of an update. The place is a volume (the stack's own or an existing
 * one) or a directory of the Docker host. Moving it restarts postgres, whose container mounts it, and leaves the old
 * backups where they are. If new backups go to another place, `before` names the stack's own volume with the old ones.
 */
export class Backup extends Component {
  public readonly mount: docker.types.input.ContainerMount;
  /** The place where backups are kept, and how many are kept. */
  public readonly location: pulumi.Output<object>;

  public constructor(site: Site) {
    super("Backup", "backup", site);
    const { keep, volume, directory } = site.settings.backups;
    const source = namedOrOwn(this.inside, directory ?? volume, "backups");
    const own = namesOf(site.stack).volumes.backups;
    const left = (directory ?? volume ?? own) !== own && hasOwn(site, "backups") ? { before: { volume: own } } : {};
    this.mount = { type: directory === undefined ? "volume" : "bind", source, target: BACKUPS_PATH };
    this.location = pulumi.output({ [directory === undefined ? "volume" : "directory"]: source, keep, ...left });
    this.registerOutputs();
  }

  /** Takes a backup of the running release, while it serves. */
  public take({ postgres, images }: TakeArgs): Taken {
    const { plan } = this.inside;
    const backup = runScript(this.inside, {
      name: "backup",
      script: "backup",
      input: {
        ...databaseOf(this.inside, postgres),
        ...backupPolicy(this.inside),
        rehearsal: plan.rehearsal,
        release: { from: plan.from?.tag, to: plan.to.tag },
        partOfUpdate: true,
      },
      dependsOn: [postgres.ready, ...images.brought],
      frozen: !isPrepared(plan),
    });
    const id = backup.stdout.apply((stdout) => (JSON.parse(stdout) as { backup: string | null }).backup);
    return { id, done: backup };
  }
}

/** The settings of every backup that an update takes. */
export function backupPolicy({ plan, settings }: Site) {
  const { backups, restore } = settings;
  return {
    version: plan.from?.tag ?? plan.to.tag,
    keep: backups.keep,
    acceptSmaller: backups.acceptSmaller,
    // With a restore, the backup may be smaller than the previous one, because a loss of data may be the reason for it.
    compared: plan.restore === undefined,
    // The backup that the configuration names may be needed again, however many were taken since.
    spare: restore === undefined ? [] : [restore],
  };
}
