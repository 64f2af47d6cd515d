import type { DataMount } from "./data-mount";
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
  /** Why the target, which is built from source, cannot be built. */
  readonly sourceFault?: SourceFault | undefined;
  /** Files in the image that serves; read only where the history does not show which release has applied what is. */
  readonly servingMigrations?: readonly string[] | undefined;
  /** Why the migrations of the target's image, which is on the host, cannot be read. */
  readonly targetUnreadable?: string | undefined;
  /** Where the postgres image of the config keeps its data; undefined where the image cannot be had. */
  readonly dataMount?: DataMount | undefined;
  /** What the names of the config mean on the host now; without what is built, and what cannot be had. */
  readonly images?: Readonly<Partial<Record<Role, NamedImage>>> | undefined;
  /** Of images that api, worker and console run and the config does not name, what registries call them; by id. */
  readonly digestsRunning?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Services that run another image than the one that the config names now; of postgres and caddy. */
  readonly otherImages?: readonly OtherImage[] | undefined;
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
  /** Those that are dated in the future. */
  readonly future?: readonly BackupManifest[] | undefined;
  /** File and reason of everything that looks like a backup and does not count as one. */
  readonly broken?: readonly string[] | undefined;
  /** Ids of those among the broken that are whole and that this stack has not signed. */
  readonly unsigned?: readonly string[] | undefined;
  /** Oldest first; undefined while it cannot be read, because the database's container does not run. */
  readonly history?: readonly HistoryEntry[] | undefined;
  /** Asked only where a restore will replace it. */
  readonly live?: LiveData | undefined;
  /** Why the backup that will be restored cannot be relied on. */
  readonly restoreFault?: string | undefined;
  /** True when the role with which ours look into the database is no superuser of it: then nothing else is known of it. */
  readonly superuserMissing?: boolean | undefined;
  /** True when the database does not take the password that is given or was generated, or there is none of either. */
  readonly passwordRejected?: boolean | undefined;
  /** The role that the password of this update is of, where the database has said. */
  readonly passwordOf?: string | undefined;
  /** True when the database of a volume that was adopted asks for no password. */
  readonly passwordNotAsked?: boolean | undefined;
  /** Secrets that the api which serves has another value of; new ones, where neither is given nor was generated. */
  readonly secretsChanged?: readonly ApplicationSecret[] | undefined;
  /** Where the database's container has its backups: another place than the config names while they are moved. */
  readonly backupPlace?: Place | undefined;
  /** What had stopped, and Docker could not start again when this update began; in a preview nothing is started. */
  readonly notStarted?: readonly NotStarted[] | undefined;
  /** A killed update has left something half done, which the next update takes back or finishes before all else. */
  readonly unfinished?: boolean | undefined;
  /** Whether the engine can make a network on which the host itself has no address; undefined when it does not say. */
  readonly isolates?: boolean | undefined;
  /** The same, where this update has taken it back or finished it already. */
  readonly resumed?: boolean | undefined;
  /** What the host can limit; asked only where the config limits something. */
  readonly limits?: LimitSupport | undefined;
  /** Seconds since 1970 on the Docker host, which is not this machine's clock; undefined when it does not tell. */
  readonly clock?: number | undefined;
}

/** A container that should run, and what Docker says against it. */
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
  /** Its root file system is read-only. */
  readonly readOnly?: boolean | undefined;
  /** It is kept from leaving its memory in a file when it crashes. */
  readonly noCore?: boolean | undefined;
  /** It works on the database as the server's superuser, as all did that older programs have made. */
  readonly asSuperuser?: boolean | undefined;
  /** Names of those that it is connected to; undefined where Docker does not say. */
  readonly networks?: readonly string[] | undefined;
  /** Of the proxy, the addresses of the host that it is published at, in Docker's own order. */
  readonly addresses?: readonly string[] | undefined;
}

/** An image by the name that the config gives it. */
interface NamedImage extends ImageIdentity {
  /** As its maker has dated it. */
  readonly created?: string | undefined;
  /** Whose processes its containers run, as its maker has it: a name or number, with or without a group; root where empty. */
  readonly user?: string | undefined;
}

/** A service that runs another image than the one that the config names now. */
export interface OtherImage {
  readonly role: "postgres" | "caddy";
  /** As the config names it. */
  readonly reference: string;
  /** True when the container was made from the same name: its tag was moved. False when the config was changed. */
  readonly moved: boolean;
  readonly running: ImageFacts;
  readonly wanted: ImageFacts;
}

export interface ImageFacts {
  readonly id: string;
  /** ISO 8601. */
  readonly created?: string | undefined;
  /** Operating system, as it calls itself. */
  readonly system?: string | undefined;
  /** C library with its version, which decides how text is sorted: `glibc 2.41`, `musl 1.2.5`. */
  readonly library?: string | undefined;
  /** Extensions that it has, with the version that each would install. */
  readonly extensions?: Readonly<Record<string, string>> | undefined;
  /** Whether its PostgreSQL can read values that were compressed with lz4; not known of another image. */
  readonly readsLz4?: boolean | undefined;
}

export interface DataVolume {
  /** The one that the config names, or the stack's own. */
  readonly wanted: string;
  readonly exists: boolean;
  /** The one under the stack's postgres, which runs or is stopped; undefined when there is none. */
  readonly mounted?: string | undefined;
  /** Folder of that volume in which the data lie; empty at its top. */
  readonly folder?: string | undefined;
  /** Other containers that run and may write to the wanted one. */
  readonly usedBy: readonly string[];
}

/** A file system of the Docker host, and what is free on it. */
export interface Disk {
  readonly device: string;
  readonly freeBytes: number;
}

/** Where the data lie, where the backups lie, and where Docker keeps what has no place of its own; often all in one. */
export type Disks = Readonly<Record<"data" | "backups" | "docker", Disk>>;

export interface DatabaseFacts {
  /** The role as which the application works; undefined where it has none of its own, and works as the superuser. */
  readonly application?: { readonly superuser: boolean; readonly ours: boolean } | undefined;
  /** How many objects that the application would own are the superuser's. */
  readonly ofSuperuser: number;
  /** Files in `nestfleet_migrations`, in file order: the contract promises no other column to sort by. */
  readonly applied: readonly string[];
  readonly sizeBytes: number;
  /** PostgreSQL major of the server that runs, and so of the data directory. */
  readonly major: number;
  readonly disks: Disks;
  /** Those that the server's image has, installed or not, by name, with the version that it would install. */
  readonly extensions: Readonly<Record<string, string>>;
  /** Those that are installed, with their version. */
  readonly installed?: Readonly<Record<string, string>> | undefined;
  /** Undefined on a server before PostgreSQL 15. */
  readonly collations?: CollationFacts | undefined;
  /** Databases that were live before a restore, kept for an undo; oldest first. */
  readonly replaced: readonly ReplacedDatabase[];
}

/** What is in the live database. */
export interface LiveData {
  /** By `schema.table`. */
  readonly rows: Readonly<Record<string, number>>;
  /** False when the rows are the server's own estimate, because counting them takes too long. */
  readonly exact: boolean;
  /** ISO 8601, UTC; undefined where the server does not know. */
  readonly lastWrite?: string | undefined;
  /** Names of the transactions that are prepared and not ended. */
  readonly prepared?: readonly string[] | undefined;
}

export interface TargetFacts {
  readonly imageId: string;
  /** Of that image in registries, `repository@sha256:…`. */
  readonly digests?: readonly string[] | undefined;
  readonly migrations: readonly Migration[];
  /** PostgreSQL major of the postgres image that the config names, where the image tells (PG_MAJOR). */
  readonly postgresMajor?: number | undefined;
  /** Versions that must not be skipped on the way here: label `org.nestfleet.required-stops` of the api image. */
  readonly requiredStops: readonly string[];
}

export interface Migration {
  /** `NNNN_name.sql` */
  readonly file: string;
  /** Undefined where it is applied, and stays so. */
  readonly reading?: Reading | undefined;
}

/** Why a release cannot be built from its source. */
export interface SourceFault {
  /** What is wrong, in one line. */
  readonly title: string;
  readonly why: string;
  readonly mend: string;
}

/** As the image or the source has it. */
export interface MigrationFile {
  readonly file: string;
  readonly sql: string;
}
