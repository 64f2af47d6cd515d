import { z } from "zod";

/** The stack whose earlier backups are signed, now that it has a key. */
export const request = z.strictObject({
  dockerHost: z.string(),
  /** The database's container, which has the key. */
  postgres: z.string(),
  /** Digest of the key: when it changes, Pulumi runs the script again. */
  key: z.string(),
});

export type Request = z.infer<typeof request>;
