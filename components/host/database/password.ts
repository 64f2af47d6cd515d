import { randomBytes } from "node:crypto";
import type { DockerClient } from "../docker/client";
import { DockerError } from "../docker/errors";
import { APPLICATION_ROLE, DATABASE, SUPERUSER } from "../../release/names";
import { PSQL_ANSWERS } from "./psql";

const PATIENCE_SECONDS = 20;

/**
 * PostgreSQL's words for a wrong password, a role without a password and an unknown role, where it asks for a password.
 */
const REJECTED = "password authentication failed";

/**
 * Prints the role that can log in with the password: the application's, or, on an older stack, the superuser. The login
 * uses the container's own address: the official image trusts its socket and 127.0.0.1, and asks all other addresses
 * for a password. The password comes by standard input: process lists would show it on a command line. Where the login
 * fails for another reason (a database that a restore is about to swap), it is not known whether the password is right.
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

/** Gives the role that a password belongs to; null where the database rejects it, undefined where this is not known. */
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

/** True when the database accepts a random password: an adopted volume brings its own `pg_hba.conf`. */
export async function takesAnyPassword(docker: DockerClient, postgres: string): Promise<boolean> {
  return typeof (await roleOfPassword(docker, postgres, randomBytes(24).toString("hex"))) === "string";
}

async function connect(docker: DockerClient, postgres: string, password: string): Promise<string> {
  return (await docker.run(["exec", "-i", postgres, "sh", "-euc", CONNECT], `${password}\n`, PATIENCE_SECONDS)).trim();
}
