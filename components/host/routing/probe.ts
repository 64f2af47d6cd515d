import { once } from "node:events";
import * as http from "node:http";
import type { Duplex } from "node:stream";
import * as net from "node:net";
import * as tls from "node:tls";
import { DockerError } from "../docker/errors";
import { inUrl } from "../../release/address";
import { RelayEnded } from "./relay";
import { sleep } from "../output";
import { connectTo, type Publisher } from "./connection";

/** How a user reaches the stack, as seen from the Docker host: its published ports, and the name in the URL. */
export interface Outside extends Publisher {
  readonly domain: string;
  readonly http: { readonly bind: string; readonly httpPort: number; readonly httpsPort: number };
  /** Headers of every request, besides the host's name. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * What to trust instead of the public authorities: another authority, by its certificates (PEM), or only the site's
   * own certificate, which the operator has given (SHA-256 as OpenSSL prints it).
   */
  readonly trust: { readonly authority?: string } | { readonly certificate: string };
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** How long an answer may take in all, and how large it may be. */
interface Limits {
  readonly milliseconds: number;
  readonly bytes: number;
}

const LIMITS: Limits = { milliseconds: 10_000, bytes: 4 * 1024 * 1024 };
/** The pause before a request is repeated because its connection was lost. */
const PAUSE_MS = 500;

/**
 * GETs `path` through the published port. The domain needs no DNS entry yet: its name is used in TLS and Host only.
 * Rejects when there is no complete answer within the limits, which include connecting, TLS, headers and body. Node's
 * own `timeout` is not enough: it measures silence, and has no effect on a socket that the request has not made.
 */
export async function ask(
  outside: Outside,
  scheme: "http" | "https",
  path: string,
  { milliseconds, bytes }: Limits = LIMITS,
  open = connectTo,
): Promise<Answer> {
  const question: Question = {
    outside,
    scheme,
    path,
    bytes,
    open,
    over: new AbortController(),
    streams: [],
    missing: "connection",
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no ${question.missing} within ${milliseconds / 1000} s`));
    }, milliseconds);
  });
  try {
    return await Promise.race([persistently(question), late]);
  } finally {
    clearTimeout(timer);
    question.over.abort();
    // TLS is destroyed before its transport: in the other order Node.js may crash (seen with 20.20).
    for (const stream of question.streams.reverse()) stream.destroy();
  }
}

interface Question {
  readonly outside: Outside;
  readonly scheme: "http" | "https";
  readonly path: string;
  readonly bytes: number;
  readonly open: typeof connectTo;
  /** Aborted once no caller waits for the answer any more. */
  readonly over: AbortController;
  /** The streams in the order in which they were opened. */
  readonly streams: Duplex[];
  /** What is still missing, for the message about a timeout. */
  missing: string;
}

/** Repeats a request whose connection was lost (ssh broke, Docker restarted): this says nothing about the release. */
async function persistently(question: Question): Promise<Answer> {
  for (;;) {
    try {
      return await attempt(question);
    } catch (error) {
      const lost = error instanceof RelayEnded || error instanceof DockerError;
      if (!lost || question.over.signal.aborted) throw error;
      question.missing = `connection (${error.message})`;
      await sleep(PAUSE_MS);
    }
  }
}

async function attempt(question: Question): Promise<Answer> {
  const { outside, scheme, path, bytes, open, over } = question;
  const port = scheme === "http" ? outside.http.httpPort : outside.http.httpsPort;
  const address = ANY[outside.http.bind] ?? outside.http.bind;
  const transport = unheard(question, await open(outside, address, port, over.signal));
  let socket = transport;
  if (scheme === "https") {
    question.missing = "TLS session";
    const session = unheard(question, secure(outside, transport));
    socket = session;
    await once(session, "secureConnect");
    if ("certificate" in outside.trust) mustBe(outside.trust.certificate, outside.domain, session);
  }
  question.missing = "answer";
  const headers = { ...outside.headers, host: inUrl(outside.domain) };
  return get(socket, headers, path, bytes, () => (question.missing = "end of the answer"));
}

/** Ignores errors of a stream after its request is answered, which would otherwise end the process. */
function unheard<T extends Duplex>({ streams, over }: Question, stream: T): T {
  streams.push(stream);
  if (over.signal.aborted) stream.destroy();
  return stream.on("error", () => undefined);
}

/** The loopback addresses over which unspecified bind addresses are reached. */
const ANY: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** Starts TLS. An IP address is not sent as a server name, but the certificate must be for it. */
function secure({ domain, trust }: Outside, transport: Duplex): tls.TLSSocket {
  return tls.connect({
    socket: transport,
    host: domain,
    ...(net.isIP(domain) === 0 && { servername: domain }),
    ...("certificate" in trust
      ? { rejectUnauthorized: false }
      : trust.authority !== undefined && { ca: trust.authority }),
  });
}

/**
 * Checks a certificate that the operator has given: any authority may have signed it, but its name and dates must fit.
 */
function mustBe(fingerprint: string, domain: string, session: tls.TLSSocket): void {
  const served = session.getPeerX509Certificate();
  if (served?.fingerprint256 !== fingerprint) throw new Error("another certificate than the configured one is served");
  if (Date.parse(served.validTo) < Date.now()) throw new Error(`the certificate has expired on ${served.validTo}`);
  const fits = net.isIP(domain) === 0 ? served.checkHost(domain) : served.checkIP(domain);
  if (fits === undefined) throw new Error(`the certificate is not for ${domain}`);
}

function get(
  socket: Duplex,
  headers: Record<string, string>,
  path: string,
  bytes: number,
  begun: () => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ createConnection: () => socket, headers, path }, (response) => {
      begun();
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > bytes) reject(new Error(`an answer of more than ${bytes} bytes`));
      });
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
      });
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end();
  });
}
