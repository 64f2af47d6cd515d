import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { log, reason } from "../log";
import { Refusal } from "./refusal";

export interface Request {
  readonly query: URLSearchParams;
  /** The texts that the groups of the route's path matched. */
  readonly parameters: readonly string[];
  readonly headers: IncomingMessage["headers"];
  /** The IP address at the other end of the connection. */
  readonly peer: string;
  readonly body: () => Promise<Buffer>;
  readonly json: () => Promise<Record<string, unknown>>;
}

export interface Response {
  readonly status: number;
  /** A Buffer is sent as it is, any other value as JSON. */
  readonly body: unknown;
  readonly type?: string;
}

export interface Route {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: RegExp;
  readonly handle: (request: Request) => Promise<Response>;
}

const maxBody = 1_048_576;

/** A request for which `hangs` is true is accepted and never answered. */
export function httpServer(
  routes: readonly Route[],
  hangs: (incoming: IncomingMessage) => boolean = () => false,
): Server {
  const server = createServer((incoming, outgoing) => {
    if (hangs(incoming)) return;
    answer(routes, incoming)
      .catch(failure)
      .then((response) => {
        send(server, outgoing, response);
      })
      .catch((error: unknown) => {
        log.error("answer not sent", { error: reason(error) });
      });
  });
  // Longer than a proxy keeps an idle connection, so that it is the proxy that closes first.
  server.keepAliveTimeout = 130_000;
  return server;
}

export function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Accepts no new connections, closes idle ones and waits for the open requests. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => {
      if (error) reject(error);
      else resolve();
    });
    server.closeIdleConnections();
  });
}

async function answer(routes: readonly Route[], incoming: IncomingMessage): Promise<Response> {
  const url = new URL(incoming.url ?? "/", "http://localhost");
  const matching = routes.filter((route) => route.path.test(url.pathname));
  const method = incoming.method === "HEAD" ? "GET" : incoming.method;
  const route = matching.find((candidate) => candidate.method === method);
  if (route === undefined) {
    throw matching.length > 0
      ? new Refusal(405, `${incoming.method} is not allowed here`)
      : new Refusal(404, "not found");
  }
  const body = () => read(incoming);
  return route.handle({
    query: url.searchParams,
    parameters: route.path.exec(url.pathname)?.slice(1) ?? [],
    headers: incoming.headers,
    peer: incoming.socket.remoteAddress ?? "",
    body,
    json: async () => object(await body()),
  });
}

function send(server: Server, outgoing: ServerResponse, response: Response): void {
  const bytes = Buffer.isBuffer(response.body) ? response.body : Buffer.from(JSON.stringify(response.body));
  outgoing.writeHead(response.status, {
    "content-type": response.type ?? "application/json; charset=utf-8",
    "content-length": bytes.length,
    // A connection that outlives its listener would delay the stop until the client lets go of it.
    ...(server.listening ? {} : { connection: "close" }),
  });
  outgoing.end(bytes);
}

function failure(error: unknown): Response {
  if (error instanceof Refusal) return { status: error.status, body: { error: error.message } };
  log.error("request failed", { error: reason(error) });
  return { status: 500, body: { error: "internal error" } };
}

async function read(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > maxBody) throw new Refusal(413, `a body may have ${maxBody} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function object(bytes: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new Refusal(400, "the body is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refusal(400, "the body must be a JSON object");
  }
  return { ...value };
}
