import { asOptions, LOOKS } from "./hardening";

/**
 * Options of a container that sees the Docker host's network, and can do nothing else. It inspects that network where
 * this process has another one. It is removed as soon as it or its client has ended, and logs nothing. It has the CPU
 * shares of a service: requests may wait for what it finds.
 */
export const HOST_NETWORK: readonly string[] = [
  "run",
  "--rm",
  "--pull=never",
  "--network=host",
  "--userns=host", // where Docker remaps users, it denies them the host's network
  ...asOptions(LOOKS),
];
