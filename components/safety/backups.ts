import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Site } from "../docker/site";
import { BACKUPS_PATH } from "../release/backup-id";
import { createVolume } from "../docker/volume";

export interface BackupStore {
  readonly mount: docker.types.input.ContainerMount;
  readonly location: pulumi.Output<object>;
}

/**
 * Where backups are kept: a volume, ours or one that exists, or a directory of the Docker host. Moving it restarts
 * postgres, whose container the backups are mounted into, and leaves the old backups where they are.
 */
export function backupStore(site: Site): BackupStore {
  const { keep, volume, directory } = site.settings.backups;
  if (directory !== undefined)
    return {
      mount: { type: "bind", source: directory, target: BACKUPS_PATH },
      location: pulumi.output({ directory, keep }),
    };
  const source = volume ?? createVolume(site, "backups").name;
  return { mount: { type: "volume", source, target: BACKUPS_PATH }, location: pulumi.output({ volume: source, keep }) };
}
