import { z } from "zod";

/** A release that is to serve again, with the data that it had. */
export const request = z.strictObject({
  dockerHost: z.string(),
  stack: z.string(),
  /** The containers of the database and of the proxy. */
  postgres: z.string(),
  caddy: z.string(),
  /** Id of the backup that becomes the database. */
  backup: z.string(),
  /** Tag of the release that is to serve. */
  to: z.string(),
  /** Id of the image of each of its services. */
  images: z.record(z.string(), z.string()),
  /** The word of the config that confirms a restore of data alone. */
  confirmation: z.string().optional(),
  /** Id of the backup that the update has taken of what was live; null when it found nothing to back up. */
  taken: z.string().nullable(),
  /** Seconds that the release may take to answer. */
  timeoutSeconds: z.number(),
});
export type Request = z.infer<typeof request>;
