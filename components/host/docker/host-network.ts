import { asOptions, LOOKS } from "./hardening";

/**
 * Options of a container that sees the Docker host's network, and can do nothing else: for questions about that network
 * when this process has another one. Gone as soon as it has ended, or its client; nothing of it is logged. Its share of the
 * processor is that of a service: requests may wait for what it finds.
 */
export const HOST_NETWORK: readonly string[] = [
  "run",
  "--rm",
  "--pull=never",
  "--network=host",
  "--userns=host", // where the engine maps users to others, it keeps the host's network from them
  ...asOptions(LOOKS),
];
