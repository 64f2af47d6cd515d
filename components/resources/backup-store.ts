import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Site } from "./site";
import { BACKUPS_PATH } from "../release/records/backup-id";
import { hasOwn, namedOrOwn } from "./volume";

export interface BackupStore {
  readonly mount: docker.types.input.ContainerMount;
  readonly location: pulumi.Output<object>;
}

/**
 * Where backups are kept: a volume, ours or one that exists, or a directory of the Docker host. Moving it restarts
 * postgres, whose container the backups are mounted into, and leaves the old backups where they are: `before` names
 * the stack's own volume where they are kept elsewhere now.
 */
export function backupStore(site: Site): BackupStore {
  const { keep, volume, directory } = site.settings.backups;
  const source = namedOrOwn(site, directory ?? volume, "backups");
  const own = `${site.name}-backups`;
  const left = (directory ?? volume ?? own) !== own && hasOwn(site, "backups") ? { before: { volume: own } } : {};
  return {
    mount: { type: directory === undefined ? "volume" : "bind", source, target: BACKUPS_PATH },
    location: pulumi.output({ [directory === undefined ? "volume" : "directory"]: source, keep, ...left }),
  };
}
