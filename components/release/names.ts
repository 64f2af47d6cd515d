/** Prefix of the labels under which scripts and people find the containers of a stack: `.stack`, `.role`, `.version`. */
export const LABEL = "org.nestfleet";

/** What the name of the database's network begins with. */
export function backOf(name: string): string {
  return `${name}-back`;
}

/** What the names of all containers, volumes and networks of a stack begin with. */
export function nameOf(stack: string): string {
  return `nestfleet-${stack}`;
}

/** The superuser of the server, with which it was made. Ours are the only sessions under it, over the server's own socket. */
export const ROLE = "nestfleet";
/** The role of the application: it owns what the application has, and is no superuser. */
export const APPLICATION_ROLE = "nestfleet_app";
/** What PostgreSQL says of that role: by this it is known as ours. */
export const APPLICATION_COMMENT = "NestFleet: the application works as this role";
/** The database of the application, as its contract has it. */
export const DATABASE = "nestfleet";

/** The services that Caddy routes to, and the port that each listens on. */
export const UPSTREAM_PORTS = { api: 3001, console: 3002 } as const;

export type Upstream = keyof typeof UPSTREAM_PORTS;
