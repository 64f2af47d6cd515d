/**
 * Every name by which the parts of a stack are known on its Docker host, and every list of its services. The names are
 * an interface: Pulumi's state, the files of a stack, the program of another version and the scripts of an operator
 * look for them. A part whose name changed would be made a second time beside the first one.
 */

/** The services of a stack. */
export const ROLES = ["api", "worker", "console", "postgres", "caddy"] as const;
/** The service that a container runs; its label says it. */
export type Role = (typeof ROLES)[number];

/** The services whose version is the release: their images are published together. */
export const RELEASED = ["api", "worker", "console"] as const satisfies Role[];
export type ReleasedRole = (typeof RELEASED)[number];

/**
 * The services that have versions of their own: their images change with their tags or the config, without a release.
 */
export const OWN_VERSION = ["postgres", "caddy"] as const satisfies Role[];

/**
 * The services that write to the database. They stop while a restore swaps it, the workers first, and restart with its
 * data.
 */
export const WRITERS = ["api", "worker"] as const satisfies Role[];

/** The services on the network of the database. */
export const ON_BACK_NETWORK = ["postgres", ...WRITERS] as const satisfies Role[];

/** The services in the order in which an update replaces them. */
export const UPDATE_ORDER = ["postgres", "api", "console", "caddy", "worker"] as const satisfies Role[];

/** The services that are started before all others: the others need postgres, and caddy tells which of them serve. */
export const STARTED_FIRST = ["postgres", "caddy"] as const satisfies Role[];

/** The services that Caddy routes to, and the port that each listens on. */
export const UPSTREAM_PORTS = { api: 3001, console: 3002 } as const;
export type Upstream = keyof typeof UPSTREAM_PORTS;
/** The services that Caddy routes to. */
export const UPSTREAMS = ["api", "console"] as const satisfies Upstream[];

export function isReleased(role: string): role is ReleasedRole {
  return isOneOf(RELEASED, role);
}

/** Whether a label names one of these services; a label may contain any text. */
export function isOneOf<Known extends Role>(roles: readonly Known[], role: string): role is Known {
  return (roles as readonly string[]).includes(role);
}

/** The labels of a stack's parts. Scripts and people find its containers by the first three. */
export const LABELS = {
  /** Of a container: the stack that it belongs to. */
  stack: "org.nestfleet.stack",
  /** Of a container: its service; `rehearsal`, `drill` or `trial` for a container that is thrown away. */
  role: "org.nestfleet.role",
  /** Of a container: the tag of its release; of postgres and caddy, the image of the config. */
  version: "org.nestfleet.version",
  /** Of the api image: the versions that must not be skipped on the way to it. */
  requiredStops: "org.nestfleet.required-stops",
  /** Of the volume that is the lock: the beginning of the labels that name the process that holds it. */
  lock: "org.nestfleet.lock",
  /** Of a container that relays connections to the ports of a proxy: the container of that proxy. */
  relay: "org.nestfleet.relay",
} as const;

const PREFIX = "nestfleet-";

/** The purpose of a database server that is thrown away afterwards. */
export type ThrowawayPurpose = "rehearsal" | "drill" | "trial";

/** What a volume of a stack holds: the data, the backups, Caddy's certificates, or Caddy's configuration. */
export type VolumePurpose = "postgres" | "backups" | "caddy-data" | "caddy-config";

/** The names of one stack's parts. */
interface StackNames {
  /** The beginning of every other name, and the name of the component and of the provider in Pulumi's state. */
  readonly prefix: string;
  /** The containers. Those of postgres and caddy have exactly these names; Pulumi adds a random end to the others. */
  readonly containers: Readonly<Record<Role, string>>;
  /** The networks; Pulumi adds a random end to each. */
  readonly networks: {
    /** The network of caddy, console, api and worker, which reaches the internet. */
    readonly front: string;
    /** The network of postgres, api and worker. */
    readonly back: string;
  };
  /** The volumes, and the one that is empty and whose labels are the lock of the stack. */
  readonly volumes: Readonly<Record<VolumePurpose | "lock", string>>;
  /** The repositories of the images that are built from source. */
  readonly images: Readonly<Record<"api" | "console", string>>;
  /** Networks of throwaway servers; a container on such a network has its name, with the service at the end. */
  readonly throwaways: Readonly<Record<ThrowawayPurpose, string>>;
}

/** Gives the names of a stack's parts; `stack` is the stack's name in Pulumi. */
export function namesOf(stack: string): StackNames {
  const prefix = `${PREFIX}${stack}`;
  const named = <Key extends string>(...keys: readonly Key[]) =>
    Object.fromEntries(keys.map((key) => [key, `${prefix}-${key}`])) as Record<Key, string>;
  return {
    prefix,
    containers: named(...ROLES),
    networks: { front: prefix, back: `${prefix}-back` },
    volumes: named("postgres", "backups", "caddy-data", "caddy-config", "lock"),
    images: named("api", "console"),
    throwaways: named("rehearsal", "drill", "trial"),
  };
}

/**
 * Gives the stack to which a name with a fixed end belongs: the prefix itself, or the container of postgres or caddy.
 */
export function stackIn({ name, role }: { readonly name: string; readonly role?: Role }): string {
  const end = role === undefined ? "" : `-${role}`;
  const rest = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  return end !== "" && rest.endsWith(end) ? rest.slice(0, -end.length) : rest;
}

/** A temporary container of a restore, by its place. */
interface Interim {
  readonly stack: string;
  /** When the restore began, in the form that the previous database has in its name. */
  readonly moment: string;
  readonly role: string;
}

/**
 * Names a temporary container, which a restore makes in the place of a container in Pulumi's state, until the next
 * update makes that one. Pulumi could not have given this name: a container that is named like a resource may be taken
 * for an orphaned one.
 */
export function interimName({ stack, moment, role }: Interim): string {
  return `${PREFIX}${stack}-restored-${moment}-${role}`;
}

export function isInterim(name: string): boolean {
  return /-restored-\d{8}t\d{6}z-[a-z]+$/.test(name);
}

/** Names a container that only reads files of an image, by a token that no other such container has. */
export function lookName(token: string): string {
  return `${PREFIX}look-${token}`;
}

/** Names a session of this program in the database. By that name a later run finds the session of a killed run. */
export function sessionName(purpose: string): string {
  return `${PREFIX}${purpose}`;
}

/**
 * The superuser of the server, with which it was made. Only this program works as this role, over the server's own
 * socket.
 */
export const SUPERUSER = "nestfleet";
/** The role of the application. It owns the application's objects, and is not a superuser. */
export const APPLICATION_ROLE = "nestfleet_app";
/** The comment on the application's role in PostgreSQL. This program has not made a role without this comment. */
export const APPLICATION_COMMENT = "NestFleet: the application works as this role";
/** The role that a restore works as; it exists only during a restore. */
export const LOADER = "nestfleet_restore";
/** The database of the application, as its contract names it. */
export const DATABASE = "nestfleet";
/** The database that a restore fills beside the live one. */
export const RESTORING = "nestfleet_restoring";
/** The beginning of the names of previous databases, which restores have replaced, and which are kept for an undo. */
export const REPLACED_PREFIX = "nestfleet_replaced_";
