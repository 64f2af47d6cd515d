import { z } from "zod";

/** A stack in which a killed run of pulumi may have left something. */
export const request = z.strictObject({
  /** The Pulumi CLI. */
  cli: z.string(),
  /** The folder `.pulumi` of a file backend; undefined with another backend, whose locks only the Pulumi CLI can read. */
  backend: z.string().optional(),
  project: z.string(),
  stack: z.string(),
  /** False changes nothing, and only says what the next update will clear. */
  clears: z.boolean(),
});
export type Request = z.infer<typeof request>;
