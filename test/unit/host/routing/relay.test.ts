import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { buildSync } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { commandLine, processes } from "../../../../components/host/process";
import { FAR_SIDE, Relay } from "../../../../components/host/routing/relay";

/** The other end of the relay in a process of its own, as in a container. */
const NODE: [string, string[]] = [process.execPath, ["-e", FAR_SIDE]];
const LARGE = "x".repeat(3_000_000);

const server = createServer((asked, response) => {
  if (asked.url === "/cut") asked.socket.destroy();
  else response.end(asked.url === "/large" ? LARGE : `you asked ${asked.url ?? ""}`);
});
let port = 0;
const relays: Relay[] = [];

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});

afterEach(() => {
  for (const relay of relays.splice(0)) relay.close();
});

afterAll(() => {
  server.close();
});

function start([command, args] = NODE): Relay {
  const relay = new Relay(command, args);
  relays.push(relay);
  return relay;
}

async function get(relay: Relay, path: string, at = port): Promise<string> {
  const stream = relay.connect("127.0.0.1", at);
  await once(stream, "connect");
  return new Promise((resolve, reject) => {
    const asked = request({ createConnection: () => stream, path }, (response) => {
      resolve(text(response));
    });
    asked.on("error", reject).end();
  });
}

describe("a relay", () => {
  test("carries many connections at once, each with its own answer", async () => {
    const relay = start();
    const paths = Array.from({ length: 20 }, (_, n) => `/${n}`);
    const answers = await Promise.all(paths.map((path) => get(relay, path)));
    expect(answers).toEqual(paths.map((path) => `you asked ${path}`));
  });

  test("carries large answers whole, beside others", async () => {
    const relay = start();
    const [large, small, other] = await Promise.all([get(relay, "/large"), get(relay, "/small"), get(relay, "/large")]);
    expect(large).toBe(LARGE);
    expect(other).toBe(LARGE);
    expect(small).toBe("you asked /small");
  });

  test("reports a failed connection, and goes on", async () => {
    const relay = start();
    await expect(get(relay, "/", 1)).rejects.toThrow("ECONNREFUSED");
    await expect(get(relay, "/cut")).rejects.toThrow(/hang up|ECONNRESET/);
    expect(await get(relay, "/on")).toBe("you asked /on");
    expect(relay.usable).toBe(true);
  });

  test("that ends reports why, for open and for later connections", async () => {
    const relay = start(["sh", ["-c", "echo no such image >&2; exit 125"]]);
    await expect(get(relay, "/")).rejects.toThrow("the Docker host's network cannot be reached: no such image");
    expect(relay.usable).toBe(false);
    await expect(get(relay, "/")).rejects.toThrow("no such image");
  });

  test("does not keep its process alive, and ends with it, also if it is killed", async () => {
    const own = (script: string) => {
      const { outputFiles } = buildSync({
        stdin: {
          contents: `import { FAR_SIDE, Relay } from "./components/host/routing/relay"; ${script}`,
          resolveDir: process.cwd(),
        },
        bundle: true,
        platform: "node",
        write: false,
      });
      return promisify(execFile)(process.execPath, ["-e", outputFiles[0]?.text ?? ""], { timeout: 10_000 });
    };
    const start = `const relay = new Relay(process.execPath, ["-e", FAR_SIDE + "/*mark-${process.pid}*/"]);`;
    const ask = `relay.connect("127.0.0.1", ${port}).on("connect", function () { this.destroy(); console.log("asked"); })`;
    expect((await own(`${start} ${ask};`)).stdout).toBe("asked\n");
    await expect(own(`${start} ${ask}.on("close", () => process.kill(process.pid, "SIGKILL"));`)).rejects.toMatchObject(
      {
        signal: "SIGKILL",
      },
    );
    const left = () =>
      processes().filter((pid) => commandLine(pid).some((word) => word.endsWith(`/*mark-${process.pid}*/`)));
    await expect.poll(left, { timeout: 5000 }).toEqual([]);
  });
});
