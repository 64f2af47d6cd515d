import { z } from "zod";

/** What a killed run of pulumi has left. */
export const request = z.strictObject({
  /** The Pulumi CLI. */
  cli: z.string(),
  /** The folder `.pulumi` of a file backend; undefined with any other, whose locks only its own CLI knows. */
  backend: z.string().optional(),
  project: z.string(),
  stack: z.string(),
  /** False only looks, and says what the next update will clear. */
  clears: z.boolean(),
});
export type Request = z.infer<typeof request>;
