import { z } from "zod";
import { target } from "../../host/docker/health";

/** A container that must become healthy. */
export const request = target.extend({
  dockerHost: z.string(),
  stack: z.string(),
  role: z.string(),
  timeoutSeconds: z.number(),
  /** Seconds that the migrations took in the rehearsal; here they may take 1.5 times as long. */
  migrationSeconds: z.number(),
  postgres: z.string(),
  caddy: z.string(),
  whenRefused: z.enum(["stop", "leave"]),
});
export type Request = z.infer<typeof request>;
