import { z } from "zod";
import { repositories } from "./cleanup";

/** An update of which everything runs and takes requests, and what it replaces. */
export const request = z.strictObject({
  dockerHost: z.string(),
  stack: z.string(),
  caddy: z.string(),
  postgres: z.string(),
  release: z.strictObject({ tag: z.string() }),
  /** When its cutover began, in milliseconds since 1970. */
  started: z.number(),
  /** Ids of api and console. */
  serving: z.strictObject({ api: z.string(), console: z.string() }),
  /** Ids of the workers. */
  workers: z.array(z.string()),
  /** Ids of the other containers that the stack consists of now. */
  containers: z.array(z.string()),
  timeoutSeconds: z.number(),
  /** Seconds that everything must go on running, at most: `health.soakSeconds`, under the name that states have. */
  holdSeconds: z.number(),
  repositories,
  /** Days that a database is kept which a restore has replaced. */
  keepReplacedDays: z.number(),
});
export type Request = z.infer<typeof request>;
