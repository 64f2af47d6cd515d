import { createServer } from "node:net";
import type { DockerClient } from "./client";
import { unlessDockerFails } from "./errors";
import { blocks, type Listener, listenersOn } from "./listeners";
import { vantageOf } from "./vantage";

interface Published {
  readonly bind: readonly string[];
  readonly httpPort: number;
  readonly httpsPort: number;
  /** When TLS is off, the HTTPS port is not published, and another program may use it. */
  readonly tls: string;
}

/** A port that another program uses, and its name. */
interface TakenPort {
  readonly port: number;
  readonly by: string;
}

interface Asked {
  readonly published: Published;
  /** The ports that Caddy publishes already. */
  readonly ours: readonly number[];
  /** An image on the Docker host. A container of it inspects the host's network where this process has another one. */
  readonly image: string;
}

/**
 * Gives the ports that Caddy will publish and another program uses. Where this process has the Docker host's network,
 * it tries to listen on them, which is certain; elsewhere a container reads what listens on the host.
 */
export async function portsTaken(
  docker: DockerClient,
  { published: { bind, httpPort, httpsPort, tls }, ours, image }: Asked,
): Promise<TakenPort[]> {
  const ports = [httpPort, ...(tls === "off" ? [] : [httpsPort])].filter((port) => !ours.includes(port));
  if (ports.length === 0) return [];
  const wanted = bind.flatMap((address) => ports.map((port) => ({ address, port })));
  const taken = [...new Set((await takenOf(docker, wanted, image)).map(({ port }) => port))];
  return Promise.all(taken.map(async (port) => ({ port, by: await holderOf(docker, port) })));
}

async function takenOf(docker: DockerClient, wanted: readonly Listener[], image: string): Promise<Listener[]> {
  const vantage = await vantageOf(docker);
  if (vantage === "elsewhere") {
    const listeners = await listenersOn(docker, image);
    return wanted.filter((one) => listeners.some((listener) => blocks(listener, one)));
  }
  const tried = await Promise.all(wanted.map(async (one) => ((await isTaken(one)) ? [one] : [])));
  return tried.flat();
}

/** A missing right to listen (on a port below 1024, as an ordinary user) does not mean that the port is taken. */
function isTaken({ address, port }: Listener): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", ({ code }: NodeJS.ErrnoException) => {
      resolve(code === "EADDRINUSE");
    });
    server.listen({ port, host: address, ipv6Only: true }, () => {
      server.close(() => {
        resolve(false);
      });
    });
  });
}

async function holderOf(docker: DockerClient, port: number): Promise<string> {
  const asked = docker.run(["ps", "--filter", `publish=${port}/tcp`, "--format", "{{.Names}}"]);
  const names = await unlessDockerFails(asked, "");
  const [name] = names.split("\n").filter(Boolean);
  return name === undefined ? "another program" : `the container ${name}`;
}
