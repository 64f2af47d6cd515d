import { z } from "zod";

/** A rollback to a release together with its data. */
export const request = z.strictObject({
  dockerHost: z.string(),
  stack: z.string(),
  /** The containers of the database and of the proxy. */
  postgres: z.string(),
  caddy: z.string(),
  /** Id of the backup that becomes the database. */
  backup: z.string(),
  /** Tag of the release that will serve. */
  to: z.string(),
  /** Id of the image of each of its services. */
  images: z.record(z.string(), z.string()),
  /** The text of `confirmRestore`, which confirms a restore of the data alone. */
  confirmation: z.string().optional(),
  /** Id of the backup that this update has taken of the live database; null when it found nothing to back up. */
  taken: z.string().nullable(),
  /** Seconds that the release may take to answer. */
  timeoutSeconds: z.number(),
});
export type Request = z.infer<typeof request>;
