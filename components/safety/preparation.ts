import type { Plan } from "../release/plan";
import type { Site } from "../resources/site";
import type { Postgres } from "../services/postgres";

/**
 * Whether this update prepares a release before it starts: with backup, rehearsal, ownership, and the step that stops
 * the api and the workers if necessary. These steps run at every attempt at a change of release, also if the last
 * attempt was rejected, because data may have been written since. A restart leaves their commands as they are.
 */
export function isPrepared({ step, needsBackup }: Plan): boolean {
  return step !== "restart" || needsBackup;
}

/** The database that these scripts work on. */
export function databaseOf({ settings, stack }: Site, postgres: Postgres) {
  return { dockerHost: settings.dockerHost, stack, postgres: postgres.container.name };
}
