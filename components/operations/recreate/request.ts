import { z } from "zod";

/** What happens to api and workers of the old release before the new one starts. */
export const request = z.strictObject({
  dockerHost: z.string(),
  stack: z.string(),
  postgres: z.string(),
  caddy: z.string(),
  /** Tag of the running release, and of the new one. */
  version: z.string(),
  target: z.string(),
  keep: z.number(),
  acceptSmaller: z.boolean(),
  /** True refuses a second backup that is far smaller than the backup before it. */
  compared: z.boolean(),
  /** Ids of backups that are kept, however old they are, because the configuration names them. */
  spare: z.array(z.string()),
  /** `stop` where the two releases cannot run side by side, `hurry` where the old one may fail on the new schema. */
  action: z.enum(["leave", "hurry", "stop"]),
});
export type Request = z.infer<typeof request>;
