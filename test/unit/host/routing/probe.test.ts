import { once } from "node:events";
import * as net from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { commandLine, processes } from "../../../../components/host/process";
import { type Answer, ask } from "../../../../components/host/routing/probe";
import { connectDirectly, type connectTo } from "../../../../components/host/routing/connection";
import { dockerRuns } from "../../../support/docker";

const LIMITS = { milliseconds: 600, bytes: 1000 };
/** The time between the limit and the delay of a busy machine. */
const LATEST_MS = 3000;

const open: (() => void)[] = [];

afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** Sends a check to a server on loopback that runs `answer` for each connection, and measures the time. */
async function asked(
  scheme: "http" | "https",
  answer: (socket: net.Socket) => void,
): Promise<{ outcome: Answer | string; milliseconds: number }> {
  const server = net.createServer((socket) => {
    open.push(() => socket.destroy());
    socket.on("error", () => undefined);
    answer(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  return measured(ask(outside("unix:///nowhere", port), scheme, "/health", LIMITS, directly));
}

const directly: typeof connectTo = (_, address, port, signal) => connectDirectly(address, port, signal);

function outside(dockerHost: string, port: number) {
  const http = { bind: "127.0.0.1", httpPort: port, httpsPort: port };
  return { dockerHost, caddy: "nestfleet-test-caddy", domain: "fleet.example.com", http, trust: {} };
}

async function measured(asking: Promise<Answer>) {
  const started = Date.now();
  const outcome = await asking.catch((error: unknown) => (error as Error).message);
  return { outcome, milliseconds: Date.now() - started };
}

/** Writes `text` again and again, so that no limit on silence is reached. */
function trickle(socket: net.Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 50);
  socket.on("close", () => {
    clearInterval(timer);
  });
}

describe("a check through the published ports", () => {
  test("gives status and body", async () => {
    const { outcome } = await asked("http", (socket) => {
      socket.end("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy");
    });
    expect(outcome).toEqual({ status: 503, body: "busy" });
  });

  test.each<[string, "http" | "https", (socket: net.Socket) => void, RegExp]>([
    ["that is accepted and never answered", "http", () => undefined, /^no answer within 0\.6 s$/],
    [
      "whose headers trickle",
      "http",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\n");
        trickle(socket, "x: y\r\n");
      },
      /^no answer within 0\.6 s$/,
    ],
    [
      "whose body trickles",
      "http",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        trickle(socket, "1\r\nx\r\n");
      },
      /^no end of the answer within 0\.6 s$/,
    ],
    ["that stalls in TLS", "https", () => undefined, /^no TLS session within 0\.6 s$/],
    [
      "whose answer has no end and much of it",
      "http",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        trickle(socket, `1f4\r\n${"x".repeat(500)}\r\n`);
      },
      /^an answer of more than 1000 bytes$/,
    ],
    ["that is cut off", "http", (socket) => socket.destroy(), /hang up|closed|ECONNRESET/],
    ["that is cut off in TLS", "https", (socket) => socket.destroy(), /disconnected|closed|ECONNRESET/],
    [
      "whose body is cut off",
      "http",
      (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"),
      /aborted/,
    ],
  ])("%s ends in time", async (_, scheme, answer, message) => {
    const { outcome, milliseconds } = await asked(scheme, answer);
    expect(outcome).toMatch(message);
    expect(milliseconds).toBeLessThan(LATEST_MS);
  });

  test("to a closed port says so", async () => {
    const { outcome } = await measured(ask(outside("unix:///nowhere", 1), "https", "/health", LIMITS, directly));
    expect(outcome).toContain("ECONNREFUSED");
  });

  test("through a docker command that hangs ends in time", async () => {
    dockerRuns("exec sleep 87.65");
    const { outcome, milliseconds } = await measured(ask(outside("ssh://root@host", 80), "http", "/health", LIMITS));
    expect(outcome).toMatch(/^no connection within 0\.6 s$/);
    expect(milliseconds).toBeLessThan(LATEST_MS);
    for (const pid of sleeping()) process.kill(pid);
  });

  test("through a docker command that fails is repeated until the time limit, and reports why", async () => {
    dockerRuns("echo Connection reset by peer >&2; exit 255");
    const { outcome } = await measured(ask(outside("ssh://root@other", 80), "http", "/health", LIMITS));
    expect(outcome).toMatch(/^no connection \(docker inspect: Connection reset by peer\) within 0\.6 s$/);
  });
});

function sleeping(): number[] {
  return processes().filter((pid) => commandLine(pid).includes("87.65"));
}
