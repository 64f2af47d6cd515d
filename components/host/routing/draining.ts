import type { DockerClient } from "../docker/client";
import { type Upstream, UPSTREAM_PORTS } from "../../release/names";
import { sleep } from "../output";

/** Milliseconds. A connection that is open for so long is not a request but a channel (a web socket), which is cut. */
const LASTING_MS = 2000;
/** Milliseconds, while requests wait. A page takes less. */
const PATIENCE_MS = { api: 2000, console: 500 };
const PAUSE_MS = 50;

/**
 * The proxy keeps no idle connections to an upstream (`keepalive off`): each connection is a request without its
 * answer.
 */
const OPEN = "cat /proc/net/tcp /proc/net/tcp6 2>/dev/null || true";
/** The kernel's code of the state: https://www.kernel.org/doc/Documentation/networking/proc_net_tcp.txt */
const ESTABLISHED = "01";

/** Gives the connections that are open to an api now and still after `LASTING_MS`: these are not requests. */
export async function lastingConnections(docker: DockerClient, caddy: string) {
  const connections = await openTo(docker, caddy, "api");
  return { connections, settled: sleep(LASTING_MS) };
}

/** Waits, with a limit, until a service has answered its open requests. Lasting connections do not count. */
export async function drained(
  docker: DockerClient,
  caddy: string,
  upstream: Upstream,
  lasting: readonly string[] = [],
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS[upstream];
  for (;;) {
    const open = (await openTo(docker, caddy, upstream)).filter((connection) => !lasting.includes(connection));
    if (open.length === 0 || Date.now() > deadline) return;
    await sleep(PAUSE_MS);
  }
}

/** Lists the connections of the proxy to an upstream, by their two ends. */
async function openTo(docker: DockerClient, caddy: string, upstream: Upstream): Promise<string[]> {
  return connectionsTo(UPSTREAM_PORTS[upstream], await docker.run(["exec", caddy, "sh", "-c", OPEN]));
}

export function connectionsTo(port: number, table: string): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , remote = "", state]) => remote.endsWith(suffix) && state === ESTABLISHED)
    .map(([, local, remote]) => `${local ?? ""} ${remote ?? ""}`);
}
