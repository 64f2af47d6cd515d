import { z } from "zod";
import type { DockerClient } from "./docker/client";
import { APPLICATION_SECRETS, type ApplicationSecret, type SecretValues, VARIABLES } from "../release/secrets";
import { environmentOf } from "./docker/environment";

const inspected = z.object({ Config: z.object({ Env: z.array(z.string()).nullish() }) });

/**
 * Names the secrets of which a container has another value. A missing secret is not a change: it gets its first value.
 */
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
