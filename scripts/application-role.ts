import { createApplicationRole } from "./lib/application-role";
import { Database, DATABASE } from "./lib/database";
import { handOver } from "./lib/handover";
import { makeExtensions } from "./lib/extensions";
import { PatientClient } from "./lib/patient-client";
import { run } from "./lib/run";
import { request } from "./requests/application-role";

/**
 * Before an api starts that works as the application's own role: the role is there, the database is its own, and so are
 * the extensions that a migration may not make. Idempotent: killed at any moment and run again, it ends in the same place.
 */
void run(request, async ({ dockerHost, postgres, extensions }) => {
  const database = new Database(new PatientClient(dockerHost), postgres);
  await createApplicationRole(database);
  await handOver(database, DATABASE);
  await makeExtensions(database, extensions);
  return undefined;
});
