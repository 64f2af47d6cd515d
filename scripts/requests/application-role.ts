import { z } from "zod";
import { attempt } from "./attempt";

/** The database in which the application's role is to own what the application has. */
export const request = z.strictObject({
  dockerHost: z.string(),
  attempt,
  /** The database's container, which has the password. */
  postgres: z.string(),
  /** The release's api image, reference or id: its pending migrations may want extensions. */
  image: z.string(),
});
