import { z } from "zod";
import { parseBackupId } from "./backup-id";
import { definition } from "./definition";
import { imageIds } from "./image-identity";
import { parseJson } from "./json";
import { isTag } from "../version";

/** How a backup was restored: by pg_restore, or through psql with the application's own `search_path`, which is slower. */
const way = z.enum(["pg_restore", "psql"]);

const proof = z.object({
  /** ISO 8601, UTC. */
  at: z.string(),
  by: z.enum(["rehearsal", "drill", "proof", "restore"]),
  way,
  /** Of the restore, wall time. */
  seconds: z.number(),
  /** What an index may have taken while it was built. */
  megabytes: z.int(),
});
export type Proof = z.infer<typeof proof>;

/** What is known of a backup; written beside the dump, and only once the dump is complete and read back. */
export const backupManifest = z.object({
  /** `20261124T080102Z-1.4.2`: UTC time, then the release that served when it was taken. Unique, and sorts by time. */
  id: z.string().refine((text) => parseBackupId(text) !== undefined),
  /** Tag of the release that served. */
  version: z.string().refine(isTag),
  /** ISO 8601, UTC. */
  takenAt: z.string(),
  /** Wall time of the dump, seconds. */
  seconds: z.number(),
  /** Size of the dump file, and of the database it is of. */
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
  /** Image ids of the containers that served: what a rollback needs to find. */
  images: imageIds,
  /** Digests of the same images in registries, by role: an engine with another image store has other ids. */
  digests: z.record(z.string(), z.array(z.string())).optional(),
  /** What a dump of one database leaves out; not in the oldest backups. */
  definition: definition.optional(),
  /** When it was last restored, every row of it; undefined when it never was. */
  proven: proof.optional(),
  /** When it was last found that it cannot be restored, and why; undefined when it was proven since. */
  disproven: proof.pick({ at: true, by: true }).extend({ reason: z.string() }).optional(),
  /** Of the stack that has written the rest; none in a manifest of a program of before. */
  signature: z.string().optional(),
});
export type BackupManifest = z.infer<typeof backupManifest>;

/** A manifest as it was read: a signature is also of what a later release has written into it, and this one does not know. */
export interface WrittenManifest {
  readonly manifest: BackupManifest;
  readonly json: object;
}

/** Undefined when the text is no manifest. */
export function parseManifest(text: string): WrittenManifest | undefined {
  const json = parseJson(text);
  const { data: manifest } = backupManifest.safeParse(json);
  return manifest && { manifest, json: json as object };
}
