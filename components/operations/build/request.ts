import { z } from "zod";

/** One image, which is built from a tag of the source. */
export const request = z.strictObject({
  dockerHost: z.string(),
  /** A Git URL or path. */
  source: z.string(),
  tag: z.string(),
  /** The folder in the repository that is the build's context and has its Dockerfile. */
  context: z.string(),
  image: z.string(),
});

export type Request = z.infer<typeof request>;
