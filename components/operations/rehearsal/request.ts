import { z } from "zod";
import { wantedExtension } from "../../release/sql/extensions";
import { change } from "../history/record";

/** A backup that the migrations of a release are tried on. */
export const request = z.strictObject({
  dockerHost: z.string(),
  stack: z.string(),
  /** The database's container. */
  postgres: z.string(),
  /** The new release's api image: reference or id. */
  image: z.string(),
  migrateCommand: z.array(z.string()).min(1),
  /** Those that its pending migrations want. */
  extensions: z.array(wantedExtension).default([]),
  mode: z.enum(["full", "restore", "off"]),
  /** Id, or `newest`; null when the backup found nothing to back up. */
  backup: z.string().nullable(),
  /** What the update is to change; its refusal is written into the history then. */
  release: change.optional(),
});

export type Request = z.infer<typeof request>;
