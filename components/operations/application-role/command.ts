import { roleOfPassword } from "../../host/database/password";
import { APPLICATION_ROLE, DATABASE } from "../../release/names";
import { psql } from "../../release/commands";
import { createApplicationRole, passwordIn } from "../../host/database/application-role";
import { complaint, Database } from "../../host/database/database";
import { makeExtensions } from "../../host/database/extensions";
import { handOver } from "../../host/database/handover";
import { interruptible } from "../../host/interruption";
import { PatientClient } from "../../host/docker/patient-client";
import { recorded } from "../history/record";
import { Refusal } from "../../host/output";
import { nextStep } from "../../host/report";
import type { Request } from "./request";

/**
 * Creates the application's own role, gives it the database, checks that it can log in, and creates the extensions that
 * the pending migrations need. All of that is done before a container is stopped. Idempotent: if it is killed at any
 * moment and run again, the result is the same.
 */
export async function grantOwnership({
  dockerHost,
  stack,
  postgres,
  extensions,
  release,
}: Request): Promise<string | undefined> {
  const docker = new PatientClient(dockerHost);
  const database = new Database(docker, postgres);
  const step = { ...release, stack, postgres, started: Date.now() };
  await interruptible((signal) =>
    recorded(docker, { step, signal }, async () => {
      try {
        await createApplicationRole(database);
        await handOver(database, DATABASE);
        await mustLogIn(database);
        await makeExtensions(database, extensions);
      } catch (error) {
        throw new Refusal(
          `The role of the application is not ready: ${complaint(error)}.\nThe old release serves, on its own data.\n${nextStep(stack, release)}`,
        );
      }
    }),
  );
  return undefined;
}

/** Refuses if the role cannot log in: an adopted volume has its own `pg_hba.conf`, which may reject roles. */
async function mustLogIn({ docker, container }: Database): Promise<void> {
  const password = await passwordIn(new Database(docker, container));
  if ((await roleOfPassword(docker, container, password)) === APPLICATION_ROLE) return;
  const look = psql({ host: docker.host, container, options: "-tAc", sql: "SHOW hba_file" });
  throw new Refusal(
    `the database does not let ${APPLICATION_ROLE} in over the network with its password. Its pg_hba.conf must have a line for that role, such as: ` +
      `host ${DATABASE} ${APPLICATION_ROLE} all scram-sha-256; \`${look}\` names the file`,
  );
}
