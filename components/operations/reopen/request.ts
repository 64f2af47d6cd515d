import { z } from "zod";

/** Requests that were held while the database's container was replaced. */
export const request = z.strictObject({
  dockerHost: z.string(),
  caddy: z.string(),
  /** What the script has said that held them; empty where there was nothing to hold. */
  held: z.string(),
});

export type Request = z.infer<typeof request>;
