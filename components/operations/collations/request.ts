import { z } from "zod";

/** A database whose indexes may have been sorted by another C library. */
export const request = z.strictObject({
  dockerHost: z.string(),
  /** The database's container, by name. */
  postgres: z.string(),
  /** Its id. When it changes, Pulumi runs the script again: the new container may have another C library. */
  container: z.string(),
});

export type Request = z.infer<typeof request>;
