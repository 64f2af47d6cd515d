import { createServer } from "node:net";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { blocks, parseListeners } from "../../../../components/host/docker/listeners";

const PRINTED = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:01BB 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
  sl  local_address                         remote_address                        st
  10: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 0 0
  11: B80D0120000000000000000001000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 0 0
  12: 0000000000000000FFFF00000200000A:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 0 0
`;

test("what listens is read as the kernel prints it", () => {
  expect(parseListeners(PRINTED)).toEqual([
    { address: "127.0.0.1", port: 8080 },
    { address: "::", port: 80 },
    { address: "2001:db8::1", port: 443 },
    { address: "10.0.0.2", port: 8081 },
  ]);
});

test.each(["127.0.0.1", "0.0.0.0", "::1", "::"])("a listener of our own on %s is found", async (address) => {
  const server = createServer();
  server.listen(0, address);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const printed = ["tcp", "tcp6"].map((name) => readFileSync(`/proc/self/net/${name}`, "utf8")).join("");
  server.close();
  expect(parseListeners(printed)).toContainEqual({ address, port });
});

describe("a port is taken", () => {
  test.each([
    ["127.0.0.1", "127.0.0.1", true],
    ["127.0.0.1", "0.0.0.0", true],
    ["0.0.0.0", "127.0.0.1", true],
    ["127.0.0.1", "127.0.0.2", false],
    ["::", "0.0.0.0", true],
    ["::1", "::", true],
    ["0.0.0.0", "::", false],
    ["::1", "127.0.0.1", false],
  ])("by a listener on %s for one on %s: %s", (listener, wanted, taken) => {
    expect(blocks({ address: listener, port: 80 }, { address: wanted, port: 80 })).toBe(taken);
    expect(blocks({ address: listener, port: 80 }, { address: wanted, port: 81 })).toBe(false);
  });
});
