import { z } from "zod";

/** A backup that an operator knows as the stack's own, and that it has not signed. */
export const request = z.strictObject({
  dockerHost: z.string(),
  /** The only one on the host, when it is not named. */
  stack: z.string().optional(),
  backup: z.string(),
});

export type Request = z.infer<typeof request>;
