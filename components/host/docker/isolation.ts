import type { DockerClient } from "./client";
import { engineVersion } from "./engine-version";

/**
 * From this major version of Docker on, a bridge can be made without an address of the host. Before, an internal
 * network has no way to the internet, but services that listen on all addresses of the host answer at the network's
 * gateway. https://docs.docker.com/engine/network/drivers/bridge/
 */
const ISOLATING = 28;

/** Options of the bridge driver, by name. */
export const ISOLATED: Readonly<Record<string, string>> = Object.fromEntries(
  ["ipv4", "ipv6"].map((family) => [`com.docker.network.bridge.gateway_mode_${family}`, "isolated"]),
);

/** True when Docker knows these options. */
export async function isolates(docker: DockerClient): Promise<boolean> {
  return Number.parseInt(await engineVersion(docker), 10) >= ISOLATING;
}
