import { createServer } from "node:net";

interface Published {
  readonly bind: string;
  readonly httpPort: number;
  readonly httpsPort: number;
}

/**
 * The ports that Caddy is to publish and something else has taken. Only where the Docker host is this machine: there
 * the one sure way is to try to listen.
 */
export async function portsTaken(
  { bind, httpPort, httpsPort }: Published,
  dockerHost: string,
  ours: readonly number[],
) {
  if (!dockerHost.startsWith("unix://")) return [];
  const wanted = [httpPort, httpsPort].filter((port) => !ours.includes(port));
  const taken = await Promise.all(wanted.map(async (port) => ((await isTaken(bind, port)) ? [port] : [])));
  return taken.flat().map((port) => ({ port, by: "another program" }));
}

/** Not being allowed to listen (a port below 1024 for an ordinary user) says nothing about who else does. */
function isTaken(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", ({ code }: NodeJS.ErrnoException) => {
      resolve(code === "EADDRINUSE");
    });
    server.listen(port, host, () => {
      server.close(() => {
        resolve(false);
      });
    });
  });
}
