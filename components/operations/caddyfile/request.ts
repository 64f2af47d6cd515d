import { z } from "zod";

/** The proxy's configuration, and where it goes. */
export const request = z.strictObject({
  dockerHost: z.string(),
  /** The proxy's container; it may not exist yet. */
  container: z.string(),
  image: z.string(),
  volume: z.string(),
  /** Where the Caddyfile lies in the volume, as the container sees it. */
  path: z.string(),
  caddyfile: z.string(),
  /** Where the files lie that it names; others there are of a configuration before. */
  folder: z.string(),
  /** Written before it is checked: certificates, a key, and what is for scripts. */
  files: z.array(z.strictObject({ path: z.string(), content: z.string() })),
});

export type Request = z.infer<typeof request>;
