import { randomBytes } from "node:crypto";
import type { DockerClient } from "../docker/client";
import { DockerError } from "../docker/errors";
import { APPLICATION_ROLE, DATABASE, SUPERUSER } from "../../release/names";
import { PSQL_ANSWERS } from "./psql";

const PATIENCE_SECONDS = 20;

/** What PostgreSQL says of a wrong password, of a role without one, and of one that there is not, where it asks for one. */
const REJECTED = "password authentication failed";

/**
 * Prints as which role the password lets in: that of the application, or, as before it had one, the superuser. Over the
 * container's own address: the official image trusts its socket and 127.0.0.1, and asks all other addresses. The password
 * comes by standard input: on a command line it would be seen in process lists. A role whose password is right and that
 * is kept out for another reason (a database that a restore is about to swap) is not known to be either.
 */
const CONNECT = `
  IFS= read -r PGPASSWORD
  export PGPASSWORD LC_ALL=C PGCONNECT_TIMEOUT=10
  set -- $(hostname -i)
  for role in ${APPLICATION_ROLE} ${SUPERUSER}; do
    if said=$(${PSQL_ANSWERS} -w -h "$1" -U "$role" -d ${DATABASE} -c "" </dev/null 2>&1); then
      echo "$role"
      exit 0
    fi
    case "$said" in
      *"${REJECTED}"* | *'role "${APPLICATION_ROLE}" does not exist'*) ;;
      *)
        printf '%s\n' "$said" >&2
        exit 2
        ;;
    esac
  done
  printf '%s\n' "$said" >&2
  exit 2`;

/** The role that a password is of; null where the database refuses it, undefined where it does not say. */
export async function roleOfPassword(
  docker: DockerClient,
  postgres: string,
  password: string,
): Promise<string | null | undefined> {
  try {
    return await connect(docker, postgres, password);
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    return error.stderr.includes(REJECTED) ? null : undefined;
  }
}

/** Whether the database takes a random password: a volume that is adopted brings its own `pg_hba.conf`. */
export async function takesAnyPassword(docker: DockerClient, postgres: string): Promise<boolean> {
  return typeof (await roleOfPassword(docker, postgres, randomBytes(24).toString("hex"))) === "string";
}

async function connect(docker: DockerClient, postgres: string, password: string): Promise<string> {
  return (await docker.run(["exec", "-i", postgres, "sh", "-euc", CONNECT], `${password}\n`, PATIENCE_SECONDS)).trim();
}
