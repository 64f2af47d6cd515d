import { type DockerClient, DockerError } from "../../components/docker/client";
import { Refusal } from "./run";

/** As the engine's driver for bridges says it, in all versions. */
const NO_RANGE = /could not find an available.*address pool|all predefined address pools have been fully subnetted/i;

/**
 * From this engine on a bridge may have no address of the host's own. Without that, `--internal` closes the way to the
 * world, and the services that the host itself has on all its addresses answer at the network's gateway.
 * https://docs.docker.com/engine/network/drivers/bridge/
 */
const ISOLATING = 28;
const ISOLATED = ["ipv4", "ipv6"].map((family) => `--opt=com.docker.network.bridge.gateway_mode_${family}=isolated`);

/** A network of which nothing leads out. Made before anything is touched: what is in its way is told as a refusal. */
export async function createIsolatedNetwork(
  docker: DockerClient,
  name: string,
  labels: readonly string[] = [],
): Promise<void> {
  const version = await docker.run(["version", "--format", "{{.Server.Version}}"]);
  const options = Number.parseInt(version, 10) >= ISOLATING ? ISOLATED : [];
  try {
    await docker.run(["network", "create", "--internal", ...options, ...labels.map((label) => `--${label}`), name]);
  } catch (error) {
    if (!(error instanceof DockerError && NO_RANGE.test(error.stderr))) throw error;
    throw new Refusal(
      `The Docker host has no address range left for another network (${name}): ${error.stderr.trim()}\n` +
        "Next: remove networks that no container uses (docker network ls, docker network prune), or give the engine more ranges (default-address-pools in its daemon.json), then run the same again.",
    );
  }
}
