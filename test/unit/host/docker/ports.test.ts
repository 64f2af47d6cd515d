import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { portsTaken } from "../../../../components/host/docker/ports";
import { ScriptedDocker } from "../../../support/docker";

/** A Docker engine in a virtual machine, whose ports are forwarded to this machine. */
const here = () => new ScriptedDocker((command) => (command.startsWith("info") ? "name=rootless" : ""));

test("a port is taken on any of several addresses; that of HTTPS may be another's where TLS ends elsewhere", async () => {
  const server = createServer().listen({ host: "::1", port: 0 });
  await once(server, "listening");
  try {
    const { port: httpsPort } = server.address() as AddressInfo;
    const http = { bind: ["127.0.0.1", "::1"], httpPort: 1, httpsPort };
    const taken = (tls: string, bind = http.bind) =>
      portsTaken(here(), { published: { ...http, bind, tls }, ours: [1], image: "postgres" });
    expect((await taken("auto")).map(({ port }) => port)).toEqual([httpsPort]);
    expect(await taken("off")).toEqual([]);
    expect(await taken("auto", ["127.0.0.1"])).toEqual([]);
  } finally {
    server.close();
  }
});
