/** The services that Caddy routes to, and the port that each listens on. */
export const UPSTREAM_PORTS = { api: 3001, console: 3002 } as const;

export type Upstream = keyof typeof UPSTREAM_PORTS;

/** Where Caddy's container reads the name of the container that takes the requests. */
export function pointer(upstream: Upstream): string {
  return `/config/upstream-${upstream}`;
}

/** Where it reads the name of the one that is to take them next, and that only requests with the header below reach. */
export function candidate(upstream: Upstream): string {
  return `/config/candidate-${upstream}`;
}

/** Of requests that are meant for the release that is to serve next, while the one before serves everybody else. */
export const CANDIDATE_HEADER = "X-NestFleet-Candidate";

/** Noted by an update whose migrations may break the release that serves: it is not left to serve any longer than needed. */
export const SWITCH_FIRST = "/config/switch-first";

/** In a pointer until the first cutover: connecting fails at once and on this host, so requests are held. */
export const NOBODY = "255.255.255.255";

/** Who took the requests before a cutover that has not been judged yet: the api's container, then the console's. */
export const BEFORE = "/config/upstream-before";

/** The containers that an update has stopped to come back to; it decides itself when they may run again. */
export const PAUSED = "/config/paused";
