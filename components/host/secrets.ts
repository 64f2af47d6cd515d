import { z } from "zod";
import type { DockerClient } from "./docker/client";
import { APPLICATION_SECRETS, type ApplicationSecret, type SecretValues, VARIABLES } from "../release/secrets";
import { environmentOf } from "./docker/environment";

const inspected = z.object({ Config: z.object({ Env: z.array(z.string()).nullish() }) });

/** The secrets that a container has, and has another value of. One that it lacks is no change: it gets its first. */
export async function changedSecrets(
  docker: DockerClient,
  container: string,
  secrets: SecretValues,
): Promise<ApplicationSecret[]> {
  const found = inspected.safeParse(await docker.inspect(container));
  const environment = environmentOf(found.data?.Config.Env ?? []);
  return APPLICATION_SECRETS.filter((secret) => {
    const value = environment[VARIABLES[secret]] ?? "";
    return value !== "" && value !== secrets[secret];
  });
}
