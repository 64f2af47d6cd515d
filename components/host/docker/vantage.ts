import { readFileSync } from "node:fs";
import type { DockerClient } from "./client";

/**
 * How this process reaches the published ports of the Docker host. `here`: it has the host's network. `forwarded`:
 * Docker runs in a virtual machine or namespace (Docker Desktop, rootless), whose ports are forwarded to this machine,
 * most likely also to this process. `elsewhere`: over ssh, or from a container that has Docker's socket.
 */
type Vantage = "here" | "forwarded" | "elsewhere";

/**
 * Finds out the vantage. A unix socket proves nothing: it works from every network namespace. A bridge of Docker proves
 * it: its name has 48 random bits of the network's id, and it exists only in the network namespace of Docker.
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

/** What this process sees on its own machine. */
interface Machine {
  readonly platform: NodeJS.Platform;
  /** Names of its network interfaces. */
  readonly interfaces: () => readonly string[];
}

const THIS_MACHINE: Machine = { platform: process.platform, interfaces };

/** Gives Docker's default name for the bridge of a network. */
function bridgeOf(network: string): string {
  return `br-${network.slice(0, 12)}`;
}

/**
 * Includes interfaces that are down, as a bridge without a running container is. Unlike /sys, /proc shows this
 * namespace.
 */
function interfaces(): string[] {
  try {
    return [...readFileSync("/proc/self/net/dev", "utf8").matchAll(/^ *([^\s:]+):/gm)].map(([, name = ""]) => name);
  } catch {
    return [];
  }
}
