import { z } from "zod";

/** A rollback of data and code together, by hand. */
export const request = z.strictObject({
  dockerHost: z.string(),
  /** Without a name, the only stack on the Docker host. */
  stack: z.string().optional(),
  /**
   * `restore` a backup, `undo` the last restore, `list` what can be restored, `recover` from a killed restore.
   */
  action: z.enum(["restore", "undo", "list", "recover"]),
  /** Id of the backup, or name of the previous database; without a name, the newest previous database. */
  subject: z.string().optional(),
  /** True when the operator has given `--yes`, after a refusal that says what will be lost. */
  confirmed: z.boolean().default(false),
  timeoutSeconds: z.number().default(300),
});
export type Request = z.infer<typeof request>;
