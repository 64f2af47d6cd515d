import type { z } from "zod";
import type { request as applicationRole } from "./application-role/request";
import type { request as backup } from "./backup/request";
import type { request as build } from "./build/request";
import type { request as caddyfile } from "./caddyfile/request";
import type { request as collations } from "./collations/request";
import type { request as cutover } from "./cutover/request";
import type { request as gate } from "./gate/request";
import type { request as hold } from "./hold/request";
import type { request as recreate } from "./recreate/request";
import type { request as rehearsal } from "./rehearsal/request";
import type { request as reopen } from "./reopen/request";
import type { request as restoreRelease } from "./restore-release/request";
import type { request as sign } from "./sign/request";
import type { request as verdict } from "./verdict/request";

/**
 * The request that the program passes to each script. The key is the name of the script, `scripts/NAME.ts`; the script
 * parses the request. The interface has only types, so that the program does not load the schemas.
 */
export interface Requests {
  "application-role": z.input<typeof applicationRole>;
  backup: z.input<typeof backup>;
  "build-image": z.input<typeof build>;
  caddyfile: z.input<typeof caddyfile>;
  collations: z.input<typeof collations>;
  cutover: z.input<typeof cutover>;
  gate: z.input<typeof gate>;
  hold: z.input<typeof hold>;
  recreate: z.input<typeof recreate>;
  rehearse: z.input<typeof rehearsal>;
  reopen: z.input<typeof reopen>;
  "restore-release": z.input<typeof restoreRelease>;
  sign: z.input<typeof sign>;
  verdict: z.input<typeof verdict>;
}
