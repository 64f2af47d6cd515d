import type { DockerClient } from "./client";
import { engineVersion } from "./engine-version";

/**
 * From this engine on a bridge may have no address of the host's own. Without that, an internal network closes the way to
 * the world, and the services that the host itself has on all its addresses answer at the network's gateway.
 * https://docs.docker.com/engine/network/drivers/bridge/
 */
const ISOLATING = 28;

/** Options of the bridge driver, by name. */
export const ISOLATED: Readonly<Record<string, string>> = Object.fromEntries(
  ["ipv4", "ipv6"].map((family) => [`com.docker.network.bridge.gateway_mode_${family}`, "isolated"]),
);

/** Whether the engine knows those options. */
export async function isolates(docker: DockerClient): Promise<boolean> {
  return Number.parseInt(await engineVersion(docker), 10) >= ISOLATING;
}
