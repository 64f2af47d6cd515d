import { spawn } from "node:child_process";
import * as http from "node:http";
import * as net from "node:net";
import { Duplex } from "node:stream";
import * as tls from "node:tls";

/** How a user reaches the stack, as seen from the Docker host: its published ports, and the name in the URL. */
export interface Outside {
  readonly dockerHost: string;
  readonly domain: string;
  readonly http: { readonly bind: string; readonly httpPort: number; readonly httpsPort: number };
  /** Headers of every request, besides the host's name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Certificate authority to trust instead of the public ones: Caddy's own, for localhost. */
  readonly authority?: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

const PATIENCE_MS = 10_000;

/** GETs `path` through the published port. The domain needs no DNS entry yet: the name goes into TLS and Host only. */
export async function ask(outside: Outside, scheme: "http" | "https", path: string): Promise<Answer> {
  const transport = connect(outside, scheme === "http" ? outside.http.httpPort : outside.http.httpsPort);
  const socket = scheme === "http" ? transport : secure(outside, transport);
  try {
    return await get(socket, { ...outside.headers, host: outside.domain }, path);
  } finally {
    socket.destroy();
    transport.destroy();
  }
}

/** On another machine the way leads through ssh, as it does for docker: the ports may be closed to the operator's own. */
function connect({ dockerHost, http: { bind } }: Outside, port: number): Duplex {
  const address = ANY[bind] ?? bind;
  if (!dockerHost.startsWith("ssh://")) return net.connect({ host: address, port });
  const { username, hostname, port: sshPort } = new URL(dockerHost);
  const login = [...(username ? ["-l", username] : []), ...(sshPort ? ["-p", sshPort] : []), hostname];
  const child = spawn(
    "ssh",
    ["-o", "BatchMode=yes", "-W", `${net.isIPv6(address) ? `[${address}]` : address}:${port}`, ...login],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const stream = Duplex.from({ writable: child.stdin, readable: child.stdout });
  child.on("error", (error) => stream.destroy(error));
  stream.on("close", () => child.kill());
  return stream;
}

/** An unspecified bind address is reached over loopback. */
const ANY: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

function secure({ domain, authority }: Outside, transport: Duplex): tls.TLSSocket {
  return tls.connect({
    socket: transport,
    servername: domain,
    ...(authority !== undefined && { ca: authority }),
  });
}

function get(socket: Duplex, headers: Record<string, string>, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { createConnection: () => socket, headers, path, timeout: PATIENCE_MS },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
        });
        response.on("error", reject);
      },
    );
    request.on("timeout", () => request.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)));
    request.on("error", reject);
    request.end();
  });
}
