import type { DockerClient } from "../../components/docker/client";
import type { BackupManifest } from "../../components/release/manifest";
import { total } from "../../components/release/shrinkage";
import { complaint, Database } from "./database";
import { restoredElsewhere } from "./elsewhere";
import { exclusively } from "./exclusion";
import { Refusal, say } from "./run";
import type { RunningStack } from "./stack";

/** Restores a backup that was just taken, on a server that is thrown away, and writes into its manifest what came of it. */
export async function prove(
  docker: DockerClient,
  found: Pick<RunningStack, "stack" | "postgres">,
  manifest: BackupManifest,
  signal: AbortSignal,
): Promise<void> {
  const { id, rows } = manifest;
  try {
    // A drill uses the same server.
    await exclusively(new Database(docker, found.postgres), "drill", () =>
      restoredElsewhere(docker, found, manifest, "proof", signal, (_, seconds) => {
        say(
          `proof: ${id} can be restored, in ${seconds} s: all ${total(rows)} rows of ${Object.keys(rows).length} tables`,
        );
        return Promise.resolve();
      }),
    );
  } catch (error) {
    const why = complaint(signal.aborted ? signal.reason : error);
    throw new Refusal(
      `The backup ${id} was taken, and is not proven: ${why}\nThe database is untouched.\nNext: mend the cause, then take a new backup: scripts/backup.sh --stack ${found.stack} --prove`,
    );
  }
}
