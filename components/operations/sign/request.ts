import { z } from "zod";

/** Backups of before, which the stack is to sign now that it has a key. */
export const request = z.strictObject({
  dockerHost: z.string(),
  /** The database's container, which has the key. */
  postgres: z.string(),
  /** Digest of the key: another one makes the engine run the script. */
  key: z.string(),
});

export type Request = z.infer<typeof request>;
