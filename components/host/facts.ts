import type { BackupManifest } from "../release/manifest";

/** What runs on the Docker host now, as far as a plan needs to know. Read only; read in preview and in up. */
export interface HostFacts {
  readonly containers: readonly RunningContainer[];
  /** The container that takes the requests of the api, by Caddy's pointer; undefined before the first cutover. */
  readonly serving?: RunningContainer | undefined;
  /** Undefined when there is no database container, or it does not run. */
  readonly database?: DatabaseFacts | undefined;
  /** Of the target release; undefined where the image cannot be had, with the reason in `targetMissing`. */
  readonly target?: TargetFacts | undefined;
  readonly targetMissing?: string | undefined;
  /** Names of the other images that are neither on the host nor to be had, with the reason. */
  readonly imagesMissing: readonly { readonly reference: string; readonly reason: string }[];
  /** TCP ports of `http` that something else than our Caddy has taken on the host. */
  readonly portsTaken: readonly { readonly port: number; readonly by: string }[];
  /** Undefined when it could not be asked for. */
  readonly dataVolume?: DataVolume | undefined;
  /** The directory of the config that backups cannot be written to, with the reason. */
  readonly backupDirectory?: { readonly path: string; readonly fault: string } | undefined;
  /** Newest last. */
  readonly backups: readonly BackupManifest[];
  /** Seconds since 1970 on the Docker host. */
  readonly clock: number;
}

export interface RunningContainer {
  readonly role: string;
  readonly name: string;
  /** The release's tag, from the container's label. */
  readonly version: string;
  readonly imageId: string;
  readonly running: boolean;
}

export interface DataVolume {
  /** The one that the config names, or the stack's own. */
  readonly wanted: string;
  readonly exists: boolean;
  /** The one under the stack's postgres, which runs or is stopped; undefined when there is none. */
  readonly mounted?: string | undefined;
  /** Other containers that run and may write to the wanted one. */
  readonly usedBy: readonly string[];
}

export interface DatabaseFacts {
  /** Files in `nestfleet_migrations`, in file order: the contract promises no other column to sort by. */
  readonly applied: readonly string[];
  readonly sizeBytes: number;
  /** PostgreSQL major of the server that runs, and so of the data directory. */
  readonly major: number;
  /** Free bytes where the data lies, and where the backups lie; the same number twice on one file system. */
  readonly freeDataBytes: number;
  readonly freeBackupBytes: number;
  /** True when both lie on one file system. */
  readonly sameFileSystem: boolean;
}

export interface TargetFacts {
  readonly imageId: string;
  readonly migrations: readonly MigrationFile[];
  /** PostgreSQL major of the postgres image that the config names, where the image tells (PG_MAJOR). */
  readonly postgresMajor?: number | undefined;
  /** Versions that must not be skipped on the way here: label `org.nestfleet.required-stops` of the api image. */
  readonly requiredStops: readonly string[];
}

export interface MigrationFile {
  /** `NNNN_name.sql` */
  readonly file: string;
  readonly sql: string;
}
