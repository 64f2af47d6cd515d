import { z } from "zod";

/** A backup for a restore drill, on a temporary server. */
export const request = z.strictObject({
  dockerHost: z.string(),
  stack: z.string().optional(),
  backup: z.string().optional(),
});

export type Request = z.infer<typeof request>;
