import { posix } from "node:path";

/** The part of `docker image inspect` that says where a postgres image keeps its data. */
export interface DataImage {
  readonly Env?: readonly string[] | null | undefined;
  readonly Volumes?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Where the data volume is mounted in the database's container, and the folder of the volume that holds the data. */
export interface DataMount {
  /** Path in the container. */
  readonly target: string;
  /** Relative to `target`; empty where the data lie at the top of the volume. */
  readonly folder: string;
}

/** The mount of the official images up to PostgreSQL 17, and of images that are built on them. */
const UNTIL_17: DataMount = { target: "/var/lib/postgresql/data", folder: "" };

/**
 * Official images declare `/var/lib/postgresql/data` up to PostgreSQL 17. From 18 on they declare the folder above it,
 * keep the data in `18/docker` below that, and refuse to start with a mount at the old place
 * (https://github.com/docker-library/postgres/pull/1259). So the image itself decides: the volume is mounted where the
 * image declares a volume around its PGDATA.
 */
export function dataMountOf({ Env: environment, Volumes: volumes }: DataImage): DataMount {
  const pgdata = pgdataOf(environment);
  if (pgdata === undefined) return UNTIL_17;
  const declared = Object.keys(volumes ?? {}).filter((path) => contains(path, pgdata));
  const target = declared.sort((one, other) => other.length - one.length)[0] ?? pgdata;
  return { target, folder: posix.relative(target, pgdata) };
}

/** Guesses the mount by the major version in the image's tag, for a preview that cannot ask the Docker host. */
export function dataMountByTag(reference: string): DataMount {
  const major = Number(/:(?:[a-z0-9.]*?-)?(?:pg)?(\d+)(?:[.-][^/]*)?$/.exec(reference)?.[1] ?? 0);
  return major >= 18 && major < 100 ? { target: "/var/lib/postgresql", folder: `${major}/docker` } : UNTIL_17;
}

export function pgdataOf(environment: readonly string[] | null | undefined): string | undefined {
  const pgdata = environment?.find((entry) => entry.startsWith("PGDATA="))?.slice("PGDATA=".length);
  return pgdata === undefined || pgdata === "" ? undefined : posix.normalize(pgdata);
}

export function contains(folder: string, path: string): boolean {
  const relative = posix.relative(folder, path);
  return relative !== ".." && !relative.startsWith("../") && !posix.isAbsolute(relative);
}
