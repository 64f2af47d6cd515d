import type { DockerClient } from "./docker/client";
import { backupNamed } from "../release/records/backups";
import { type LastUpdate } from "../release/plan-context";
import { asksForData, namedBackup } from "../release/restore-request";
import type { Settings } from "../settings/schema";
import { unlessDockerFails } from "./docker/errors";
import { inspectDump } from "./backups/dump-check";
import type { HostFacts } from "../release/facts";
import { inspectLiveData } from "./database/live-data";

type Known = Pick<HostFacts, "serving" | "database" | "backups" | "future" | "broken" | "history">;

interface Asked {
  /** The database's container. */
  readonly postgres: string;
  readonly settings: Settings;
  readonly known: Known;
  readonly last: Pick<LastUpdate, "restored">;
}

/**
 * Finds out what a restore would replace, and whether its backup can be relied on. Both take time on a large database,
 * so they are read only where the config names an existing backup to restore that has not been restored yet.
 */
export async function inspectRestore(
  docker: DockerClient,
  { postgres, settings, known, last }: Asked,
): Promise<Pick<HostFacts, "live" | "restoreFault">> {
  const named = namedBackup(settings);
  const backup = backupNamed(known, named);
  if (backup === undefined) return {};
  const changesVersion = known.serving?.version !== settings.version.tag;
  if (!changesVersion && !asksForData(settings, known, last)) return {};
  const [live, restoreFault] = await Promise.all([
    unlessDockerFails(inspectLiveData(docker, postgres), undefined),
    unlessDockerFails(inspectDump(docker, postgres, backup), undefined),
  ]);
  return { live, restoreFault };
}
