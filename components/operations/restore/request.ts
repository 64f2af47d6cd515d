import { z } from "zod";

/** Data and code, to be taken back together by hand. */
export const request = z.strictObject({
  dockerHost: z.string(),
  /** The only one on the host, when it is not named. */
  stack: z.string().optional(),
  /**
   * `restore` a backup, `undo` the last restore, `list` what there is, `recover` what a killed restore has left.
   */
  action: z.enum(["restore", "undo", "list", "recover"]),
  /** Id of the backup, or name of the kept database; of the kept ones the newest, when none is named. */
  subject: z.string().optional(),
  /** The operator has been told what gets lost. */
  confirmed: z.boolean().default(false),
  timeoutSeconds: z.number().default(300),
});
export type Request = z.infer<typeof request>;
