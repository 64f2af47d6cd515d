import type { DockerClient } from "../../host/docker/client";
import { withAdvisoryLock } from "../../host/database/advisory-lock";
import { complaint, Database } from "../../host/database/database";
import { appliedMigrations } from "../../host/database/inspect";
import { Store } from "../../host/backups/store";
import { explained } from "../../host/docker/unforeseen";
import { Routing } from "../../host/routing/routing";
import { endHold, resumeInterrupted } from "../../host/routing/writers";
import { toItsEnd } from "../../host/interruption";
import { heardBy, Refusal, say } from "../../host/output";
import { findStack } from "../../host/stack";
import { persistently } from "../../host/undoing";
import { namesOf } from "../../release/names";
import { newestBackup } from "../../release/records/backups";
import { beyond } from "../../release/sql/migrations";
import { recoverRestore } from "../restore/recovery";
import { readState } from "../restore/state";

/**
 * Undoes what a killed run has begun on the Docker host, or finishes it if restored data serve already. `target` is the tag
 * of the release that should serve, if it is known. The caller holds the stack's lock.
 *
 * Requests that were held while postgres was replaced are let go first: that needs no database, and the new database may
 * be missing or not answer.
 */
export async function recoverStack(docker: DockerClient, stack: string, target: string | undefined): Promise<void> {
  const { caddy } = namesOf(stack).containers;
  const routing = Routing.of(docker, caddy);
  const ended = await persistently(() => endHold(routing));
  const found = await findStack(docker, stack).catch((error: unknown) => {
    if (!ended) throw error;
    say(complaint(error));
    return undefined;
  });
  if (found === undefined) return;
  const { postgres } = found;
  const database = new Database(docker, postgres);
  if (ended && (await readState(database, stack)) === undefined) return;
  await withAdvisoryLock(database, "restore", () => recoverRestore({ stack, caddy, docker, database }));
  const fits = (version: string) => fitsRelease(docker, postgres, version);
  const restarted = await persistently(() => resumeInterrupted(docker, routing, stack, { target, fits }));
  if (restarted.length > 0) say(`${restarted.join(", ")} started again`);
}

/**
 * Recovers the stack inside the program, before an update, and gives the lines of progress, because Pulumi shows the
 * program's output in its own way. A signal ends the program only afterwards, because requests may wait for the recovery. A
 * refusal contains the lines of progress, as `scripts/restore.sh --recover` would have printed them.
 */
export async function recoverInProgram(docker: DockerClient, stack: string, target: string): Promise<string[]> {
  const said: string[] = [];
  const listener = (line: string) => void said.push(line);
  try {
    await toItsEnd(() => heardBy(listener, () => recoverStack(docker, stack, target)));
    return said;
  } catch (error) {
    const why = explained(error, "run the same command again; it goes on where this one stopped");
    throw new Refusal([...said, why].join("\n"));
  }
}

/**
 * True when no migration has run since the newest backup of a release; a recreate takes one when api and workers are
 * stopped.
 */
async function fitsRelease(docker: DockerClient, postgres: string, version: string): Promise<boolean> {
  const [{ backups }, applied] = await Promise.all([
    new Store(new Database(docker, postgres)).list(),
    appliedMigrations(docker, postgres),
  ]);
  const migrations = newestBackup(backups, version)?.migrations;
  return migrations !== undefined && beyond(applied, migrations).length === 0;
}
