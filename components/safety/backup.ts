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
  /** Not before every image is there: a pull may take long, and what is written meanwhile belongs into the backup. */
  readonly images: Images;
}

/** A backup that an update has taken. */
export interface Taken {
  /** Null where there was nothing to back up. */
  readonly id: pulumi.Output<string | null>;
  readonly done: pulumi.Resource;
}

/**
 * Where backups are kept, and the backup of an update. The place is a volume, ours or one that exists, or a directory of
 * the Docker host. Moving it restarts postgres, whose container the backups are mounted into, and leaves the old backups
 * where they are: `before` names the stack's own volume where they are kept elsewhere now.
 */
export class Backup extends Component {
  public readonly mount: docker.types.input.ContainerMount;
  /** Where backups are kept, and how many. */
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

  /** Takes a backup of the release that serves, while it serves. */
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
