import { z } from "zod";
import { parseBackupId } from "./backup-id";
import { definition } from "./definition";
import { imageIds } from "./image-identity";
import { parseJson } from "./json";
import { isTag } from "../version";

/**
 * The way in which a backup was restored: by pg_restore, or through psql with the application's own `search_path`,
 * which is slower.
 */
const way = z.enum(["pg_restore", "psql"]);

const proof = z.object({
  /** ISO 8601, UTC. */
  at: z.string(),
  by: z.enum(["rehearsal", "drill", "proof", "restore"]),
  way,
  /** Wall time of the restore. */
  seconds: z.number(),
  /** The memory that the build of an index was allowed to use. */
  megabytes: z.int(),
});
export type Proof = z.infer<typeof proof>;

/** The description of a backup. It is written beside the dump, and only once the dump is complete and was read back. */
export const backupManifest = z.object({
  /** `20261124T080102Z-1.4.2`: UTC time, then the release that served when it was taken. Unique, and sorts by time. */
  id: z.string().refine((text) => parseBackupId(text) !== undefined),
  /** Tag of the release that served. */
  version: z.string().refine(isTag),
  /** ISO 8601, UTC. */
  takenAt: z.string(),
  /** Wall time of the dump, seconds. */
  seconds: z.number(),
  /** Sizes of the dump file, and of the database that was dumped. */
  bytes: z.number(),
  databaseBytes: z.number(),
  sha256: z.string(),
  compression: z.enum(["zstd", "gzip"]),
  /** Rows per table (`schema.table`), counted in the snapshot that was dumped. */
  rows: z.record(z.string(), z.number()),
  /** Files in `nestfleet_migrations`, in file order. */
  migrations: z.array(z.string()),
  /** Installed extensions and their versions. */
  extensions: z.record(z.string(), z.string()),
  /** PostgreSQL server version, such as `17.4`. */
  server: z.string(),
  /** Image ids of the containers that served; a rollback needs these images. */
  images: imageIds,
  /** Digests of the same images in registries, by role: a Docker host with another image store gives them other ids. */
  digests: z.record(z.string(), z.array(z.string())).optional(),
  /** What a dump of one database leaves out; the oldest backups do not have it. */
  definition: definition.optional(),
  /** When the backup was last restored completely; undefined when it never was. */
  proven: proof.optional(),
  /** When an attempt last showed that the backup cannot be restored, and why; undefined when it was proven since. */
  disproven: proof.pick({ at: true, by: true }).extend({ reason: z.string() }).optional(),
  /** The signature of the stack that has written the rest; manifests of older programs have none. */
  signature: z.string().optional(),
});
export type BackupManifest = z.infer<typeof backupManifest>;

/**
 * A manifest as it was read. The signature covers also fields that a later program has written and this one does not
 * know.
 */
export interface WrittenManifest {
  readonly manifest: BackupManifest;
  readonly json: object;
}

/** Undefined when the text is not a manifest. */
export function parseManifest(text: string): WrittenManifest | undefined {
  const json = parseJson(text);
  const { data: manifest } = backupManifest.safeParse(json);
  return manifest && { manifest, json: json as object };
}
