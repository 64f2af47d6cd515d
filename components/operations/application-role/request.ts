import { z } from "zod";
import { wantedExtension } from "../../release/sql/extensions";
import { change } from "../history/record";

/** The database whose objects the application's role is to own. */
export const request = z.strictObject({
  dockerHost: z.string(),
  stack: z.string(),
  /** The database's container, which has the password. */
  postgres: z.string(),
  /** The extensions that the pending migrations create. */
  extensions: z.array(wantedExtension),
  /** The change of release; a refusal is written into the history. */
  release: change,
});

export type Request = z.infer<typeof request>;
