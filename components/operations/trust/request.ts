import { z } from "zod";

/** A backup that the stack has not signed, and that an operator accepts as the stack's own. */
export const request = z.strictObject({
  dockerHost: z.string(),
  /** Without a name, the only stack on the Docker host. */
  stack: z.string().optional(),
  backup: z.string(),
});

export type Request = z.infer<typeof request>;
