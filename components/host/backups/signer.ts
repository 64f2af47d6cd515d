import { z } from "zod";
import type { DockerClient } from "../docker/client";
import { DockerError } from "../docker/errors";
import { LABELS } from "../../release/names";
import { KEY_VARIABLE } from "../../release/records/signature";
import { environmentOf } from "../docker/environment";

/** The stack, and the key with which it signs its backups. */
export interface Signer {
  readonly stack: string | undefined;
  /** Undefined where an older program has made the container: there every manifest counts. */
  readonly key: string | undefined;
}

const inspected = z.object({
  Config: z.object({
    Env: z.array(z.string()).nullish(),
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
});

/**
 * Reads stack and key from the container of the database, running or not. A missing container is an error: without a
 * key, every manifest would count.
 */
export async function signerOf(docker: DockerClient, postgres: string): Promise<Signer> {
  const found = await docker.inspect(postgres);
  if (found === undefined)
    throw new DockerError({
      command: "inspect",
      exitCode: undefined,
      stderr: `there is no container ${postgres}`,
      stdout: "",
    });
  const { Env: entries, Labels: labels } = inspected.parse(found).Config;
  return { stack: labels?.[LABELS.stack], key: environmentOf(entries ?? [])[KEY_VARIABLE] };
}
