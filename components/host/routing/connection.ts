import { once } from "node:events";
import * as net from "node:net";
import type { Duplex } from "node:stream";
import { DockerClient } from "../docker/client";
import { HOST_NETWORK } from "../docker/host-network";
import { LABELS } from "../../release/names";
import { containersOf, inspectContainer } from "../docker/containers";
import { vantageOf } from "../docker/vantage";
import { FAR_SIDE, Relay } from "./relay";
import { Refusal } from "../output";

/** The container and the Docker host that publish a stack's ports. */
export interface Publisher {
  readonly dockerHost: string;
  /** The container that publishes the ports. */
  readonly caddy: string;
}

/** Opens a connection as from the Docker host itself; the signal cancels it. */
type Way = (address: string, port: number, signal: AbortSignal) => Promise<Duplex>;

/** Roles whose image has Node.js: their healthchecks use it. */
const WITH_NODE = ["api", "worker", "console"];
/** Milliseconds. A forwarded port accepts a connection at once, or not at all. */
const FORWARDED_MS = 2000;

/** Ways by Docker host and container: a script connects dozens of times, and starts at most one relay. */
const ways = new Map<string, Promise<Way>>();

/**
 * Connects to a published port from any network: directly where this process reaches the Docker host's network, else
 * through a small container in that network.
 */
export async function connectTo(
  publisher: Publisher,
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<Duplex> {
  const key = `${publisher.dockerHost} ${publisher.caddy}`;
  const known = ways.get(key) ?? wayTo(publisher);
  ways.set(key, known);
  const way = await known.catch((error: unknown) => {
    ways.delete(key); // the next attempt may succeed
    throw error;
  });
  return way(address, port, signal);
}

async function wayTo({ dockerHost, caddy }: Publisher): Promise<Way> {
  const docker = new DockerClient(dockerHost);
  const vantage = await vantageOf(docker);
  if (vantage === "here") return connectDirectly;
  const relayed = relaying(docker, caddy);
  if (vantage === "elsewhere") return relayed;
  return (host, port, signal) =>
    connectDirectly(host, port, AbortSignal.any([signal, AbortSignal.timeout(FORWARDED_MS)])).catch(() =>
      relayed(host, port, signal),
    );
}

/** Uses one relay for all connections, and starts another after it has ended, for example after a restart of Docker. */
function relaying(docker: DockerClient, caddy: string): Way {
  let relay: Promise<Relay> | undefined;
  return async (host, port, signal) => {
    const last = relay;
    const usable = (await last?.catch(() => undefined))?.usable;
    if (relay === undefined || (relay === last && !usable)) relay = startRelay(docker, caddy);
    return connected((await relay).connect(host, port), signal);
  };
}

/** Starts a relay in a container of an image that the stack runs: other images may not be on the host. */
async function startRelay(docker: DockerClient, caddy: string): Promise<Relay> {
  const options = ["--interactive", `--label=${LABELS.relay}=${caddy}`, "--env=NODE_OPTIONS=", "--entrypoint=node"];
  const args = [...HOST_NETWORK, ...options, await imageWithNode(docker, caddy), "-e", FAR_SIDE];
  return new Relay("docker", ["--host", docker.host, ...args]);
}

async function imageWithNode(docker: DockerClient, caddy: string): Promise<string> {
  const stack = (await inspectContainer(docker, caddy))?.Config.Labels[LABELS.stack];
  const containers = stack === undefined ? [] : await containersOf(docker, stack);
  const image = WITH_NODE.flatMap((role) => containers.filter((container) => container.role === role))[0]?.imageId;
  if (image === undefined)
    throw new Refusal(`the stack of ${caddy} has no container whose image could connect on the Docker host`);
  return image;
}

/** Connects directly. Without the signal, Node.js would wait for minutes where no answer comes. */
export function connectDirectly(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  return connected(net.connect({ host, port }), signal);
}

async function connected(stream: Duplex, signal: AbortSignal): Promise<Duplex> {
  try {
    await once(stream, "connect", { signal });
    return stream;
  } catch (error) {
    stream.on("error", () => undefined).destroy();
    throw error;
  }
}
