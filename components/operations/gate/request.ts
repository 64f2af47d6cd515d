import { z } from "zod";
import { target } from "../../host/docker/health";

/** A container that must become healthy. */
export const request = target.extend({
  dockerHost: z.string(),
  stack: z.string(),
  role: z.string(),
  timeoutSeconds: z.number(),
  /** What the migrations took in the rehearsal; they may take this and half as much again. */
  migrationSeconds: z.number(),
  postgres: z.string(),
  caddy: z.string(),
  whenRefused: z.enum(["stop", "leave"]),
});
export type Request = z.infer<typeof request>;
