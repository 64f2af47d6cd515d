import type { DockerClient } from "../docker/client";

/** A server that does not answer within this is not known; an inspection must not wait for it. */
const PATIENCE_SECONDS = 30;

/** Quiet, tuples only, unaligned, and ending at the first error. */
const PSQL = ["psql", "--no-psqlrc", "-qAt", "-v", "ON_ERROR_STOP=1", "-U", "nestfleet", "-d", "nestfleet"];

/** What the database answers, over the local socket of its own container. */
export async function psql(docker: DockerClient, postgres: string, sql: string): Promise<string> {
  return (await docker.run(["exec", "-i", postgres, ...PSQL], sql, PATIENCE_SECONDS)).trim();
}
