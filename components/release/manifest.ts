import { z } from "zod";

/** What is known of a backup; written beside the dump, and only once the dump is complete and read back. */
export const backupManifest = z.object({
  /** `20261124T080102Z-1.4.2`: UTC time, then the release that served when it was taken. Unique, and sorts by time. */
  id: z.string(),
  /** Tag of the release that served. */
  version: z.string(),
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
  images: z.record(z.string(), z.string()),
});
export type BackupManifest = z.infer<typeof backupManifest>;
