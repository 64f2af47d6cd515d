import { z } from "zod";
import { target } from "../../host/docker/health";
import { expectation } from "../../host/routing/verification";

const named = target.extend({ name: z.string() });

/** A new release, and the checks that it must pass before the requests go to it. */
export const request = expectation.extend({
  stack: z.string(),
  postgres: z.string(),
  targets: z.strictObject({ api: named, console: named }),
  /** `health.soakSeconds`, under the name that states have: with another name every stack would run its cutover again. */
  holdSeconds: z.number(),
  /** Ids of the other containers that must run meanwhile. */
  containers: z.array(z.string()),
});
export type Request = z.infer<typeof request>;
