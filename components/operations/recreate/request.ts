import { z } from "zod";

/** What is to become of the writers before a release starts. */
export const request = z.strictObject({
  dockerHost: z.string(),
  stack: z.string(),
  postgres: z.string(),
  caddy: z.string(),
  /** Tag of the release that serves, and of the one that is to. */
  version: z.string(),
  target: z.string(),
  keep: z.number(),
  acceptSmaller: z.boolean(),
  /** Whether the second backup must not be far smaller than the one before. */
  compared: z.boolean(),
  /** Ids of backups that stay, however old they are: the config names them. */
  spare: z.array(z.string()),
  /** `stop` where the two releases cannot run side by side, `hurry` where the old one may fail on the new schema. */
  action: z.enum(["leave", "hurry", "stop"]),
});
export type Request = z.infer<typeof request>;
