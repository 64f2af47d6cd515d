import { z } from "zod";

/** A backup that is to be copied between a stack and a directory of this machine. */
export const request = z.strictObject({
  dockerHost: z.string(),
  stack: z.string().optional(),
  direction: z.enum(["out", "in"]),
  /** Absolute; outside every container. */
  directory: z.string(),
  /** On the way out the newest, when none is named. */
  backup: z.string().optional(),
  /** On the way in: it is the stack's own, though not signed by it. */
  trusted: z.boolean().default(false),
});

export type Request = z.infer<typeof request>;
