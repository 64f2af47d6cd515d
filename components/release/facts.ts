import type { DataMount } from "./data-mount";
import type { Parameters } from "./parameters";
import type { LogConfig } from "./containers/logging";
import type { LimitSupport } from "./containers/limits";
import type { HistoryEntry } from "./records/history";
import type { ImageIdentity } from "./records/image-identity";
import type { BackupManifest } from "./records/manifest";
import type { Reading } from "./sql/reading";
import type { ReplacedDatabase } from "./records/replaced";
import type { Role } from "./names";
import type { ApplicationSecret } from "./secrets";
import type { CollationFacts } from "./collation-facts";

/**
 * What runs on the Docker host now, as far as a plan needs it. Preview and update read it, and change nothing by it.
 */
export interface HostFacts {
  readonly containers: readonly RunningContainer[];
  /**
   * The api container that receives the requests, as the active upstream names it; undefined before the first cutover.
   */
  readonly serving?: RunningContainer | undefined;
  /** Undefined when there is no database container, or it does not run. */
  readonly database?: DatabaseFacts | undefined;
  /** The target release; undefined where its image is not available, with the reason in `targetMissing`. */
  readonly target?: TargetFacts | undefined;
  readonly targetMissing?: string | undefined;
  /** Why the target, which is built from source, cannot be built. */
  readonly sourceFault?: SourceFault | undefined;
  /**
   * Migrations in the running image; read only where the history does not show which release applied those in the
   * database.
   */
  readonly servingMigrations?: readonly string[] | undefined;
  /** Why the migrations of the target's image, which is on the host, cannot be read. */
  readonly targetUnreadable?: string | undefined;
  /** Where the postgres image of the config keeps its data; undefined where the image is not available. */
  readonly dataMount?: DataMount | undefined;
  /** The images that the config names, as the host has them now; without images that are built or not available. */
  readonly images?: Readonly<Partial<Record<Role, NamedImage>>> | undefined;
  /** Digests in registries of the images that api, worker and console run and the config does not name; by id. */
  readonly digestsRunning?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Of postgres and caddy, those that run another image than the one that the config names now. */
  readonly otherImages?: readonly OtherImage[] | undefined;
  /** Server parameters of the config that the configured postgres image rejects, with its words. */
  readonly parametersRejected?: readonly { readonly name: string; readonly why: string }[] | undefined;
  /** Names of the other images that are not on the host and could not be pulled, with the reason. */
  readonly imagesMissing: readonly { readonly reference: string; readonly reason: string }[];
  /** TCP ports of `http` that something other than the stack's Caddy uses on the host. */
  readonly portsTaken: readonly { readonly port: number; readonly by: string }[];
  /** Undefined when Docker could not be asked for it. */
  readonly dataVolume?: DataVolume | undefined;
  /** The directory in the config to which backups cannot be written, with the reason. */
  readonly backupDirectory?: { readonly path: string; readonly fault: string } | undefined;
  /** Newest last. */
  readonly backups: readonly BackupManifest[];
  /** Backups that are dated in the future. */
  readonly future?: readonly BackupManifest[] | undefined;
  /** File and reason of everything that looks like a backup and does not count as one. */
  readonly broken?: readonly string[] | undefined;
  /** Ids of those among the broken that are complete, and that this stack has not signed. */
  readonly unsigned?: readonly string[] | undefined;
  /** Oldest first; undefined while the history cannot be read, because the database's container does not run. */
  readonly history?: readonly HistoryEntry[] | undefined;
  /** Read only where a restore will replace the live database. */
  readonly live?: LiveData | undefined;
  /** Why the backup that will be restored cannot be relied on. */
  readonly restoreFault?: string | undefined;
  /**
   * True when the role that this program uses is not a superuser of the database: then nothing else is known of the
   * database.
   */
  readonly superuserMissing?: boolean | undefined;
  /** True when the database rejects the password that is given or was generated, or when there is no such password. */
  readonly passwordRejected?: boolean | undefined;
  /** The role to which the password of this update belongs, where the database has accepted it. */
  readonly passwordOf?: string | undefined;
  /** True when the database of an adopted volume asks for no password. */
  readonly passwordNotAsked?: boolean | undefined;
  /**
   * Secrets of which the running api has another value; also those that are neither given nor generated, and so will be
   * new.
   */
  readonly secretsChanged?: readonly ApplicationSecret[] | undefined;
  /** Where the database's container has its backups: while backups move, the config names another place. */
  readonly backupPlace?: Place | undefined;
  /**
   * Containers that had stopped, and that Docker could not start again when this update began. A preview starts none.
   */
  readonly notStarted?: readonly NotStarted[] | undefined;
  /** A killed update has left something half done, which the next update first takes back or finishes. */
  readonly unfinished?: boolean | undefined;
  /** Whether Docker can make a network on which the host itself has no address; undefined when Docker does not say. */
  readonly isolates?: boolean | undefined;
  /** This update has already taken back or finished what a killed update had left half done. */
  readonly resumed?: boolean | undefined;
  /** What the host can limit; read only where the config limits something. */
  readonly limits?: LimitSupport | undefined;
  /** Seconds since 1970 by the clock of the Docker host, not of this machine; undefined when it is not known. */
  readonly clock?: number | undefined;
}

/** A container that should run, and why Docker cannot start it. */
export interface NotStarted {
  readonly name: string;
  readonly role: string;
  readonly reason: string;
}

/** A Docker volume, or a directory of the Docker host. */
export type Place = { readonly volume: string } | { readonly directory: string };

export interface RunningContainer {
  readonly id: string;
  readonly role: string;
  readonly name: string;
  /** The release's tag, from the container's label. */
  readonly version: string;
  readonly imageId: string;
  /** As Docker calls it: `running`, `restarting`, `paused`, `created`, or `exited` once it was stopped. */
  readonly state: string;
  readonly running: boolean;
  /** Undefined where Docker does not say. */
  readonly log?: LogConfig | undefined;
  /** The root file system of the container is read-only. */
  readonly readOnly?: boolean | undefined;
  /** The container may not write its memory to a file when it crashes. */
  readonly noCore?: boolean | undefined;
  /** The container works on the database as the server's superuser, as the containers of older programs did. */
  readonly asSuperuser?: boolean | undefined;
  /** Of a database of this program: the parameters on the server's command line. */
  readonly parameters?: Parameters | undefined;
  /** Names of the networks to which the container is connected; undefined where Docker does not say. */
  readonly networks?: readonly string[] | undefined;
  /** Of the proxy: the addresses of the host at which it is published, in Docker's own order. */
  readonly addresses?: readonly string[] | undefined;
}

/** An image by the name that the config gives it. */
interface NamedImage extends ImageIdentity {
  /** When the image was made, as the image says. */
  readonly created?: string | undefined;
  /**
   * The user of its containers' processes, as the image says: a name or number, with or without a group; root where
   * empty.
   */
  readonly user?: string | undefined;
}

/** A service that runs another image than the one that the config names now. */
export interface OtherImage {
  readonly role: "postgres" | "caddy";
  /** The name in the config. */
  readonly reference: string;
  /** True when the container was made from the same name, so the tag was moved. False when the config was changed. */
  readonly moved: boolean;
  readonly running: ImageFacts;
  readonly wanted: ImageFacts;
}

export interface ImageFacts {
  readonly id: string;
  /** ISO 8601. */
  readonly created?: string | undefined;
  /** Name and version of the operating system. */
  readonly system?: string | undefined;
  /** C library and its version, which decide how text is sorted: `glibc 2.41`, `musl 1.2.5`. */
  readonly library?: string | undefined;
  /** Extensions in the image, with the version that each would install. */
  readonly extensions?: Readonly<Record<string, string>> | undefined;
  /** Whether its PostgreSQL can read values that were compressed with lz4; undefined for images of other services. */
  readonly readsLz4?: boolean | undefined;
}

export interface DataVolume {
  /** The volume that the config names, or the stack's own. */
  readonly wanted: string;
  readonly exists: boolean;
  /** The volume that the stack's postgres container mounts, running or stopped; undefined without such a container. */
  readonly mounted?: string | undefined;
  /** The folder of that volume in which the data lie; empty where they lie at its top. */
  readonly folder?: string | undefined;
  /** Other running containers that may write to the wanted volume. */
  readonly usedBy: readonly string[];
}

/** A file system of the Docker host, and what is free on it. */
export interface Disk {
  readonly device: string;
  readonly freeBytes: number;
}

/** The file systems of the data, of the backups, and of Docker's own volumes; often all three are the same. */
export type Disks = Readonly<Record<"data" | "backups" | "docker", Disk>>;

export interface DatabaseFacts {
  /**
   * The role of the application; undefined where the application has no role of its own, and works as the superuser.
   */
  readonly application?: { readonly superuser: boolean; readonly ours: boolean } | undefined;
  /** How many objects that the application should own still belong to the superuser. */
  readonly ofSuperuser: number;
  /** Files in `nestfleet_migrations`, in file order: the contract promises no other column to sort by. */
  readonly applied: readonly string[];
  readonly sizeBytes: number;
  /** PostgreSQL major version of the running server, and so of the data directory. */
  readonly major: number;
  readonly disks: Disks;
  /** Extensions in the server's image, installed or not, by name, with the version that each would install. */
  readonly extensions: Readonly<Record<string, string>>;
  /** Extensions that are installed in the database, with their version. */
  readonly installed?: Readonly<Record<string, string>> | undefined;
  /** Undefined on a server before PostgreSQL 15. */
  readonly collations?: CollationFacts | undefined;
  /** Previous databases: live before a restore, and kept for an undo; oldest first. */
  readonly replaced: readonly ReplacedDatabase[];
}

/** What the live database contains. */
export interface LiveData {
  /** Rows by table (`schema.table`). */
  readonly rows: Readonly<Record<string, number>>;
  /** False when `rows` is the server's own estimate, because counting takes too long. */
  readonly exact: boolean;
  /** ISO 8601, UTC; undefined where the server does not know. */
  readonly lastWrite?: string | undefined;
  /** Names of transactions that are prepared and not ended. */
  readonly prepared?: readonly string[] | undefined;
}

export interface TargetFacts {
  readonly imageId: string;
  /** Digests of that image in registries, `repository@sha256:…`. */
  readonly digests?: readonly string[] | undefined;
  readonly migrations: readonly Migration[];
  /** PostgreSQL major version of the postgres image in the config, where the image says it (PG_MAJOR). */
  readonly postgresMajor?: number | undefined;
  /** Versions that must not be skipped on the way here: label `org.nestfleet.required-stops` of the api image. */
  readonly requiredStops: readonly string[];
}

export interface Migration {
  /** `NNNN_name.sql` */
  readonly file: string;
  /** Undefined for a migration that is applied, and stays applied. */
  readonly reading?: Reading | undefined;
}

/** Why a release cannot be built from its source. */
export interface SourceFault {
  /** What is wrong, in one line. */
  readonly title: string;
  readonly why: string;
  readonly fix: string;
}

/** A migration as the image or the source contains it. */
export interface MigrationFile {
  readonly file: string;
  readonly sql: string;
}
