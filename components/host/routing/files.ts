import type { Upstream } from "../../release/names";

/** Caddy reads the name of the container that receives the requests of a service from this file. */
export function activeFile(upstream: Upstream): string {
  return `/config/upstream-${upstream}`;
}

/**
 * Caddy reads the name of the container that is to receive the requests next from this file; only requests with the
 * header below reach it. Like the active files it always exists: Caddy would connect to itself for a file that is
 * missing.
 */
export function candidateFile(upstream: Upstream): string {
  return `/config/candidate-${upstream}`;
}

/** This header marks a request that is meant for a candidate while the release before serves all others. */
export const CANDIDATE_HEADER = "X-NestFleet-Candidate";

/** The value that the header must have: a secret of one update, replaced as soon as there is no candidate. */
export const CANDIDATE_TOKEN = "/config/candidate-token";

/**
 * The file exists during an update whose migrations may break the release that serves: the cutover is then made at
 * once, and the new release is watched afterwards.
 */
export const IMMEDIATE_CUTOVER = "/config/switch-first";

/**
 * The content of a routing file that names no container. Connecting to this address fails at once and on the host
 * itself, so Caddy holds the requests.
 */
export const UNROUTED = "255.255.255.255";

/**
 * The file names the api's container, then the console's, that received the requests before a hold, or before a cutover
 * that has no verdict yet.
 */
export const PREVIOUS = "/config/upstream-before";

/** The file names the containers that an update has stopped; the update decides when they may run again. */
export const STOPPED_WRITERS = "/config/paused";
