import type { Plan } from "../release/plan";
import type { Site } from "../resources/site";
import type { Postgres } from "../services/postgres";

/**
 * Whether a release is prepared before it starts: backup, rehearsal, ownership, and what is to become of the writers. They
 * run with every attempt at a change of release, also at one that was refused before, since data have been written
 * meanwhile; and never otherwise: a restart leaves their commands as they are.
 */
export function isPrepared({ step, needsBackup }: Plan): boolean {
  return step !== "restart" || needsBackup;
}

/** The database that these scripts work on. */
export function databaseOf({ settings, stack }: Site, postgres: Postgres) {
  return { dockerHost: settings.dockerHost, stack, postgres: postgres.container.name };
}
