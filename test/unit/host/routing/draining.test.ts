import { expect, test } from "vitest";
import { drained, connectionsTo } from "../../../../components/host/routing/draining";
import { ScriptedDocker } from "../../../support/docker";

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const row = (local: string, remote: string, state = "01") =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 12345 1 0000000000000000`;
/** Connections from the proxy to the api (3001) and the console (3002), and one to the api that has ended. */
const [first, second] = [row("0200A8C0:A001", "0300A8C0:0BB9"), row("0200A8C0:A002", "0300A8C0:0BB9")];
const others = [
  row("0200A8C0:A003", "0400A8C0:0BBA"),
  row("0200A8C0:A004", "0300A8C0:0BB9", "06"),
  row("0300A8C0:0BB9", "0200A8C0:A005"),
];

test("only the proxy's open connections to the port count", () => {
  expect(connectionsTo(3001, [HEAD, first, ...others, second, ""].join("\n"))).toEqual([
    "0200A8C0:A001 0300A8C0:0BB9",
    "0200A8C0:A002 0300A8C0:0BB9",
  ]);
});

test("the update waits for a request in progress, and not for a long-lived connection", async () => {
  const tables = [[first, second], [first, second], [first]];
  const docker = new ScriptedDocker(() => [HEAD, ...(tables.shift() ?? [])].join("\n"));
  await drained(docker, "caddy", "api", ["0200A8C0:A001 0300A8C0:0BB9"]);
  expect(docker.asked).toHaveLength(3);
});

test("the wait for a request that is never answered ends", async () => {
  const docker = new ScriptedDocker(() => [HEAD, first].join("\n"));
  const started = Date.now();
  await drained(docker, "caddy", "api", []);
  expect(Date.now() - started).toBeGreaterThanOrEqual(2000);
  expect(docker.asked.length).toBeGreaterThan(5);
});
