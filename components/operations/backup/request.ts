import { z } from "zod";
import { parseVersion } from "../../release/version";
import { change } from "../history/record";

const tag = z.string().refine((text) => parseVersion(text)?.tag === text, "a release's tag");

/** A backup of a stack's database. */
export const request = z.strictObject({
  dockerHost: z.string(),
  /** Without a name, the only stack on the Docker host. */
  stack: z.string().optional(),
  /** The database's container; without a name, it is found by its label. */
  postgres: z.string().optional(),
  /** Tag of the running release; needed only if no container shows it. */
  version: tag.optional(),
  keep: z.int().min(1).optional(),
  acceptSmaller: z.boolean().default(false),
  /** True restores the backup on a temporary server, once it is taken. */
  prove: z.boolean().default(false),
  /** True refuses a backup that is far smaller than the backup before it. */
  compared: z.boolean().default(true),
  /** Ids of backups that are kept, however old they are, because the configuration names them. */
  spare: z.array(z.string()).default([]),
  /** The change of release; a refusal is written into the history. */
  release: change.optional(),
  /** True when an update takes the backup: the update holds the stack's lock. */
  partOfUpdate: z.boolean().default(false),
  /** The rehearsal that follows. Unless it is off, the backup is not read back here, because it is restored there. */
  rehearsal: z.enum(["full", "restore", "off"]).default("off"),
});
export type Request = z.infer<typeof request>;
