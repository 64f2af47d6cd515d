import type { Upstream } from "../../release/names";

/** Where Caddy's container reads the name of the container that takes the requests. */
export function pointer(upstream: Upstream): string {
  return `/config/upstream-${upstream}`;
}

/**
 * Where it reads the name of the one that is to take them next, and that only requests with the header below reach. Like
 * the pointers never missing: for a file that is, Caddy would ask itself.
 */
export function candidate(upstream: Upstream): string {
  return `/config/candidate-${upstream}`;
}

/** Of requests that are meant for the release that is to serve next, while the one before serves everybody else. */
export const CANDIDATE_HEADER = "X-NestFleet-Candidate";

/** What that header must say: a secret of one update, another one as soon as there is no candidate. */
export const CANDIDATE_TOKEN = "/config/candidate-token";

/** In the proxy's shell: makes it one that nobody has been told. */
export const NEW_TOKEN = [
  `(umask 077 && od -An -v -N32 -tx1 /dev/urandom | tr -d ' \\n' > ${CANDIDATE_TOKEN}.new)`,
  `mv ${CANDIDATE_TOKEN}.new ${CANDIDATE_TOKEN}`,
].join(" && ");

/** Noted by an update whose migrations may break the release that serves: it is not left to serve any longer than needed. */
export const SWITCH_FIRST = "/config/switch-first";

/** In a pointer until the first cutover: connecting fails at once and on this host, so requests are held. */
export const NOBODY = "255.255.255.255";

/** Who took the requests before a cutover that has not been judged yet: the api's container, then the console's. */
export const BEFORE = "/config/upstream-before";

/** The containers that an update has stopped to come back to; it decides itself when they may run again. */
export const PAUSED = "/config/paused";
