import type { DockerClient } from "../../host/docker/client";
import type { BackupManifest } from "../../release/records/manifest";
import { total } from "../../release/records/plausibility";
import { complaint, Database } from "../../host/database/database";
import { restoredElsewhere } from "../restore/elsewhere";
import { withAdvisoryLock } from "../../host/database/advisory-lock";
import { Refusal, say } from "../../host/output";
import type { RunningStack } from "../../host/stack";

/** Restores a backup that was just taken, on a temporary server, and writes the outcome into its manifest. */
export async function prove(
  docker: DockerClient,
  found: Pick<RunningStack, "stack" | "postgres">,
  manifest: BackupManifest,
  signal: AbortSignal,
): Promise<void> {
  const { id, rows } = manifest;
  try {
    // A restore drill uses a server of the same name.
    await withAdvisoryLock(new Database(docker, found.postgres), "drill", () =>
      restoredElsewhere({ docker, ...found, manifest, purpose: "proof", signal }, ({ restoreSeconds }) => {
        say(
          `proof: ${id} can be restored, in ${restoreSeconds} s: all ${total(rows)} rows of ${Object.keys(rows).length} tables`,
        );
        return Promise.resolve();
      }),
    );
  } catch (error) {
    const why = complaint(signal.aborted ? signal.reason : error);
    throw new Refusal(
      `The backup ${id} was taken, and is not proven: ${why}\nThe database is untouched.\nNext: fix the cause, then take a new backup: scripts/backup.sh --stack ${found.stack} --prove`,
    );
  }
}
