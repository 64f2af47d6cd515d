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
import { NEXT, Refusal } from "../../host/output";
import type { Request } from "./request";

/**
 * Before anything is stopped for an api that works as the application's own role: the role is there and can log in, the
 * database is its own, and the extensions exist that its migrations want. Idempotent: killed at any moment and run again,
 * it ends in the same place.
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
          `The role of the application is not ready: ${complaint(error)}.\nThe release from before serves, on its own data.\n${NEXT}`,
        );
      }
    }),
  );
  return undefined;
}

/** A volume that was adopted has its own `pg_hba.conf`, which may name the roles that it lets in. */
async function mustLogIn({ docker, container }: Database): Promise<void> {
  const password = await passwordIn(new Database(docker, container));
  if ((await roleOfPassword(docker, container, password)) === APPLICATION_ROLE) return;
  const look = psql({ host: docker.host, container, options: "-tAc", sql: "SHOW hba_file" });
  throw new Refusal(
    `the database does not let ${APPLICATION_ROLE} in over the network with its password. Its pg_hba.conf must have a line for that role, such as: ` +
      `host ${DATABASE} ${APPLICATION_ROLE} all scram-sha-256; \`${look}\` names the file`,
  );
}
