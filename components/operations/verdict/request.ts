import { z } from "zod";
import { repositories } from "./cleanup";

/** An update whose containers all run and receive the requests. */
export const request = z.strictObject({
  dockerHost: z.string(),
  stack: z.string(),
  caddy: z.string(),
  postgres: z.string(),
  release: z.strictObject({ tag: z.string() }),
  /** Time when the cutover began, in milliseconds since 1970. */
  started: z.number(),
  /** Ids of api and console. */
  serving: z.strictObject({ api: z.string(), console: z.string() }),
  /** Ids of the workers. */
  workers: z.array(z.string()),
  /** Ids of the other containers that the stack consists of now. */
  containers: z.array(z.string()),
  timeoutSeconds: z.number(),
  /** `health.soakSeconds`, under the name that states have: all containers are watched for at most these seconds. */
  holdSeconds: z.number(),
  repositories,
  /** Days for which a previous database, which a restore has replaced, is kept. */
  keepReplacedDays: z.number(),
});
export type Request = z.infer<typeof request>;
