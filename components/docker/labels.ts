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
