import { randomBytes } from "node:crypto";
import { type DockerClient, DockerError } from "../docker/client";
import { APPLICATION_ROLE, DATABASE, ROLE } from "./psql";

const PATIENCE_SECONDS = 20;

/**
 * Over the container's own address: the official image trusts its socket and 127.0.0.1, and asks everybody else. Asked for
 * is the role as which the application works, or will. The password comes by standard input: on a command line it would be seen in process lists.
 */
const CONNECT = `
  IFS= read -r PGPASSWORD
  export PGPASSWORD LC_ALL=C PGCONNECT_TIMEOUT=10
  set -- $(hostname -i)
  role=$(psql --no-psqlrc -qAtw -U ${ROLE} -d ${DATABASE} -c "SELECT max(rolname) FROM pg_catalog.pg_roles WHERE rolname IN ('${ROLE}', '${APPLICATION_ROLE}')" </dev/null)
  exec psql --no-psqlrc -qAtw -h "$1" -U "$role" -d ${DATABASE} -c "SELECT 1" </dev/null`;

/** Whether the database refuses this password; whatever else keeps psql from connecting says nothing about it. */
export async function rejectsPassword(docker: DockerClient, postgres: string, password: string): Promise<boolean> {
  try {
    await connect(docker, postgres, password);
    return false;
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    return error.stderr.includes("password authentication failed");
  }
}

/** Whether the database takes a password that nobody has: a volume that is adopted brings its own `pg_hba.conf`. */
export async function takesAnyPassword(docker: DockerClient, postgres: string): Promise<boolean> {
  try {
    await connect(docker, postgres, randomBytes(24).toString("hex"));
    return true;
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    return false;
  }
}

async function connect(docker: DockerClient, postgres: string, password: string): Promise<void> {
  await docker.run(["exec", "-i", postgres, "sh", "-euc", CONNECT], `${password}\n`, PATIENCE_SECONDS);
}
