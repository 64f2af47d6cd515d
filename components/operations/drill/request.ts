import { z } from "zod";

/** A backup that is to be restored where it can do no harm. */
export const request = z.strictObject({
  dockerHost: z.string(),
  stack: z.string().optional(),
  backup: z.string().optional(),
});

export type Request = z.infer<typeof request>;
