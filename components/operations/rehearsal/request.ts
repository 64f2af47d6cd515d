import { z } from "zod";
import { wantedExtension } from "../../release/sql/extensions";
import { change } from "../history/record";

/** A backup on which the migrations of a release are rehearsed. */
export const request = z.strictObject({
  dockerHost: z.string(),
  stack: z.string(),
  /** The database's container. */
  postgres: z.string(),
  /** The new release's api image: reference or id. */
  image: z.string(),
  migrateCommand: z.array(z.string()).min(1),
  /** The extensions that the pending migrations create. */
  extensions: z.array(wantedExtension).default([]),
  mode: z.enum(["full", "restore", "off"]),
  /** Id, or `newest`; null when the backup found nothing to back up. */
  backup: z.string().nullable(),
  /** The change of release. Where it is given, a refusal is written into the history. */
  release: change.optional(),
});

export type Request = z.infer<typeof request>;
