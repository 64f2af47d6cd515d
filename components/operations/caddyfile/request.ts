import { z } from "zod";

/** The proxy's configuration, and its place. */
export const request = z.strictObject({
  dockerHost: z.string(),
  /** The proxy's container; it may not exist yet. */
  container: z.string(),
  image: z.string(),
  volume: z.string(),
  /** Path of the Caddyfile in the volume, as the container sees it. */
  path: z.string(),
  caddyfile: z.string(),
  /** Folder of the files that the Caddyfile names; other files there belong to an earlier configuration. */
  folder: z.string(),
  /** Certificates, a key, and a file that scripts read; all are written before the Caddyfile is checked. */
  files: z.array(z.strictObject({ path: z.string(), content: z.string() })),
});

export type Request = z.infer<typeof request>;
