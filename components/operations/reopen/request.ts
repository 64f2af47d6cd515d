import { z } from "zod";

/** A stack whose requests were held while the container of the database was replaced. */
export const request = z.strictObject({
  dockerHost: z.string(),
  caddy: z.string(),
  /** Output of the script that held the requests; empty if there was nothing to hold. */
  held: z.string(),
});

export type Request = z.infer<typeof request>;
