import { z } from "zod";

/** A database whose container will be replaced. */
export const request = z.strictObject({
  dockerHost: z.string(),
  stack: z.string(),
  postgres: z.string(),
  caddy: z.string(),
  /** Id of the image of the next container. */
  image: z.string(),
  /** The parameters that the operator has given to the next server, if any. */
  parameters: z.record(z.string(), z.string()).optional(),
  /**
   * Given if its root file system will be read-only: the directories in memory, with their options, and that of the
   * data.
   */
  readOnly: z.strictObject({ temporary: z.record(z.string(), z.string()), data: z.string() }).optional(),
  /** The network, by name, on which the next container of the database is. */
  back: z.string(),
  /** Digest of that container's definition: when it changes, Pulumi runs the script again. */
  definition: z.string(),
});
export type Request = z.infer<typeof request>;
