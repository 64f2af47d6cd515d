import { z } from "zod";
import { parseVersion } from "../../release/version";
import { change } from "../history/record";

const tag = z.string().refine((text) => parseVersion(text)?.tag === text, "a release's tag");

/** A backup of a stack's database. */
export const request = z.strictObject({
  dockerHost: z.string(),
  /** The only one on the host, when it is not named. */
  stack: z.string().optional(),
  /** The database's container; found by its label when it is not named. */
  postgres: z.string().optional(),
  /** Tag of the release that serves; needed only where no container shows it. */
  version: tag.optional(),
  keep: z.int().min(1).optional(),
  acceptSmaller: z.boolean().default(false),
  /** Restores it on a server that is thrown away, once it is taken. */
  prove: z.boolean().default(false),
  /** Whether it must not be far smaller than the one before. */
  compared: z.boolean().default(true),
  /** Ids that stay, however old they are: the config names them. */
  spare: z.array(z.string()).default([]),
  /** What the update changes; a refusal is written into the history. */
  release: change.optional(),
  /** The update has the stack's lock. */
  partOfUpdate: z.boolean().default(false),
  /** Whether the backup is restored right afterwards, which reads it better than reading it back here. */
  rehearsal: z.enum(["full", "restore", "off"]).default("off"),
});
export type Request = z.infer<typeof request>;
