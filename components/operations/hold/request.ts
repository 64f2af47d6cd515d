import { z } from "zod";

/** A database whose container is about to be replaced. */
export const request = z.strictObject({
  dockerHost: z.string(),
  stack: z.string(),
  postgres: z.string(),
  caddy: z.string(),
  /** Id of the image of the next container. */
  image: z.string(),
  /** Where its root file system will be read-only: what lies in memory, by directory, and where the data are. */
  readOnly: z.strictObject({ temporary: z.record(z.string(), z.string()), data: z.string() }).optional(),
  /** The network, by name, on which the next container of the database is. */
  back: z.string(),
  /** Digest of the definition of that container: another one makes the engine run the script. */
  definition: z.string(),
});
export type Request = z.infer<typeof request>;
