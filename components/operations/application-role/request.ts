import { z } from "zod";
import { wantedExtension } from "../../release/sql/extensions";
import { change } from "../history/record";

/** The database in which the application's role is to own what the application has. */
export const request = z.strictObject({
  dockerHost: z.string(),
  stack: z.string(),
  /** The database's container, which has the password. */
  postgres: z.string(),
  /** Those that the release's pending migrations want. */
  extensions: z.array(wantedExtension),
  /** What the update is to change; its refusal is written into the history. */
  release: change,
});

export type Request = z.infer<typeof request>;
