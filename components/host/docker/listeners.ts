import { isIPv6 } from "node:net";
import type { DockerClient } from "./client";
import { HOST_NETWORK } from "./host-network";

/** An address and port where a process listens for TCP connections. */
export interface Listener {
  readonly address: string;
  readonly port: number;
}

/** proc_net_tcp(5): state 0A is "listening". Without IPv6 there is no second file. */
const PRINT = "cat /proc/net/tcp; [ ! -f /proc/net/tcp6 ] || cat /proc/net/tcp6";
const LINE = /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A /gm;

/** The first 96 bits of an IPv4 address that a program for IPv6 listens on. */
const MAPPED = "00000000000000000000FFFF";

/** Lists what listens on the Docker host, read in a container of an image that is there and has a shell. */
export async function listenersOn(docker: DockerClient, image: string): Promise<Listener[]> {
  return parseListeners(await docker.run([...HOST_NETWORK, "--user=0", "--entrypoint=sh", image, "-c", PRINT]));
}

export function parseListeners(printed: string): Listener[] {
  return [...printed.matchAll(LINE)].map(([, address = "", port = ""]) => ({
    address: addressOf(address),
    port: Number.parseInt(port, 16),
  }));
}

/**
 * True when a second process cannot listen there. "Any" of IPv6 mostly includes IPv4: so with Go, Java, Node.js,
 * Apache.
 */
export function blocks({ address, port }: Listener, wanted: Listener): boolean {
  if (port !== wanted.port) return false;
  if (address === wanted.address || address === "::") return true;
  const sameFamily = isIPv6(address) === isIPv6(wanted.address);
  return sameFamily && [address, wanted.address].some((one) => one === "0.0.0.0" || one === "::");
}

/** The kernel prints 32 bits at a time, in the byte order of the processor: the lowest byte first. */
function addressOf(hexadecimal: string): string {
  const words = hexadecimal.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return decimal(bytes);
  const groups = Array.from({ length: 8 }, (_, n) => `${bytes[2 * n] ?? ""}${bytes[2 * n + 1] ?? ""}`);
  if (groups.slice(0, 6).join("") === MAPPED) return decimal(bytes.slice(12));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

function decimal(bytes: readonly string[]): string {
  return bytes.map((byte) => Number.parseInt(byte, 16)).join(".");
}
