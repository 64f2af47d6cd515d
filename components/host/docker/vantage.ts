import { readFileSync } from "node:fs";
import type { DockerClient } from "./client";

/**
 * How the ports that the Docker host publishes are reached from this process: `here`, because it has the host's own
 * network; `forwarded`, because the engine lives in a machine or namespace of its own (Docker Desktop, rootless) whose
 * ports something brings to this machine, most likely to this process; `elsewhere`: over ssh, or out of a container
 * that has been given the engine's socket.
 */
type Vantage = "here" | "forwarded" | "elsewhere";

/**
 * A unix socket proves nothing: it works from every network namespace. A bridge of the engine's does: it is named after
 * its network's id, 48 random bits, and is there only where the engine is.
 */
export async function vantageOf(
  docker: DockerClient,
  { platform, interfaces }: Machine = THIS_MACHINE,
): Promise<Vantage> {
  if (!docker.host.startsWith("unix://")) return "elsewhere";
  if (platform !== "linux") return "forwarded";
  const networks = await docker.run(["network", "ls", "--no-trunc", "--quiet", "--filter", "driver=bridge"]);
  const bridges = networks.split("\n").filter(Boolean).map(bridgeOf);
  const own = interfaces();
  if (bridges.some((bridge) => own.includes(bridge))) return "here";
  const engine = await docker.run(["info", "--format", "{{json .SecurityOptions}} {{.OperatingSystem}}"]);
  return /name=rootless|Docker Desktop/.test(engine) ? "forwarded" : "elsewhere";
}

/** What this process sees of its own machine. */
interface Machine {
  readonly platform: NodeJS.Platform;
  /** Names of its network interfaces. */
  readonly interfaces: () => readonly string[];
}

const THIS_MACHINE: Machine = { platform: process.platform, interfaces };

/** As the engine names the bridge of a network that does not name its own. */
function bridgeOf(network: string): string {
  return `br-${network.slice(0, 12)}`;
}

/** Also those that are down, which a bridge without a running container is. Unlike /sys, /proc is always one's own. */
function interfaces(): string[] {
  try {
    return [...readFileSync("/proc/self/net/dev", "utf8").matchAll(/^ *([^\s:]+):/gm)].map(([, name = ""]) => name);
  } catch {
    return [];
  }
}
