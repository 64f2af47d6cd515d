import { z } from "zod";

/** A copy of a backup from a stack to a directory of this machine, or back. */
export const request = z.strictObject({
  dockerHost: z.string(),
  stack: z.string().optional(),
  direction: z.enum(["out", "in"]),
  /** Absolute path on this machine. */
  directory: z.string(),
  /** Id of the backup; without one, `out` copies the newest. */
  backup: z.string().optional(),
  /** For `in`: true accepts a backup that the stack has not signed as its own. */
  trusted: z.boolean().default(false),
});

export type Request = z.infer<typeof request>;
