import { once } from "node:events";
import type { RequestListener } from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { DockerClient } from "../../../../components/host/docker/client";
import type { Entrance } from "../../../../components/host/routing/entrance";
import type * as Way from "../../../../components/host/routing/connection";
import { type Verification, verify } from "../../../../components/host/routing/verification";
import { chainOf } from "../../../../components/release/certificate";
import { certified, type Identity } from "../../../support/certificates";

// The sites of this test are on this machine, with any Docker engine.
vi.mock("../../../../components/host/routing/connection", async (original) => {
  const way = await original<typeof Way>();
  const connectTo: typeof Way.connectTo = (_, address, port, signal) => way.connectDirectly(address, port, signal);
  return { ...way, connectTo };
});

const DOMAIN = "fleet.internal";
const authority = certified({ name: "Example Authority", authority: true });
const site = certified({ name: DOMAIN }, authority);
const fingerprint = ({ certificate }: Identity) => chainOf(certificate)[0]?.fingerprint256 ?? "";
const open: https.Server[] = [];

afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const answers =
  (health: object): RequestListener =>
  ({ url }, response) => {
    response.end(url === "/health" ? JSON.stringify({ status: "ok", db: "ok", version: "1.5.0", ...health }) : "login");
  };

async function served(identity: Identity, health = {}, port = 0, host = "127.0.0.1"): Promise<number> {
  return listening(identity, answers(health), port, host);
}

async function listening({ certificate, key }: Identity, listener: RequestListener, port = 0, host = "127.0.0.1") {
  const server = https.createServer({ cert: certificate, key }, listener);
  open.push(server);
  server.listen({ port, host, ipv6Only: true });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Settings for a single check: a fault is rejected at once. */
function asked(
  httpsPort: number,
  more: Partial<Entrance>,
  docker: DockerClient = new DockerClient("unix:///nowhere"),
  hold: Partial<Verification> = {},
) {
  const entrance: Entrance = {
    url: `https://${DOMAIN}`,
    domain: DOMAIN,
    http: { bind: ["127.0.0.1"], httpPort: 1, httpsPort },
    schemes: ["https"],
    trust: { authority: authority.certificate },
    health: { version: "compare" },
    ...more,
  };
  const release = { tag: "1.5.0", semver: "1.5.0" };
  const expected = { dockerHost: "unix:///x", caddy: "caddy", entrance, release, timeoutSeconds: -1, holdSeconds: 0 };
  return verify({ ...expected, ...hold }, docker);
}

describe("a site is trusted by the signer of its certificate", () => {
  test("an authority of the operator", async () => {
    await expect(asked(await served(site), {})).resolves.toMatchObject({ version: "1.5.0" });
  });

  test("Caddy's own, as its container has it", async () => {
    const docker = new DockerClient("unix:///nowhere");
    vi.spyOn(docker, "run").mockResolvedValue(authority.certificate);
    await expect(asked(await served(site), { trust: "caddy" }, docker)).resolves.toMatchObject({ version: "1.5.0" });
  });

  test("the configured certificate, with any signer", async () => {
    const port = await served(site);
    await expect(asked(port, { trust: { certificate: fingerprint(site) } })).resolves.toMatchObject({ db: "ok" });
  });

  test("an address has its certificate, too", async () => {
    const port = await served(certified({ name: "10.0.0.5" }, authority));
    await expect(asked(port, { domain: "10.0.0.5" })).resolves.toMatchObject({ version: "1.5.0" });
  });

  test.each<[string, Identity, Partial<Entrance>, RegExp]>([
    [
      "a public one has not signed it",
      site,
      { trust: "public" },
      /gives no answer: unable to (get local issuer|verify)/,
    ],
    ["another name", certified({ name: "other.internal" }, authority), {}, /does not match certificate's altnames/],
    [
      "another address",
      certified({ name: "10.0.0.6" }, authority),
      { domain: "10.0.0.5" },
      /10\.0\.0\.5 is not in the cert/,
    ],
    ["an expired one", certified({ name: DOMAIN, from: -9, until: -2 }, authority), {}, /certificate has expired/],
    [
      "another than the one that was given",
      certified({ name: DOMAIN }),
      { trust: { certificate: fingerprint(site) } },
      /another certificate than the configured one is served/,
    ],
    ["a given one that has expired", ...given(certified({ name: DOMAIN, from: -9, until: -2 })), /has expired/],
    ["a given one for another name", ...given(certified({ name: "other.internal" })), /not for fleet\.internal/],
  ])("not: %s", async (_, identity, more, why) => {
    await expect(asked(await served(identity), more)).rejects.toThrow(why);
  });
});

function given(identity: Identity): [Identity, Partial<Entrance>] {
  return [identity, { trust: { certificate: fingerprint(identity) } }];
}

describe("what must answer", () => {
  test("the database, also if the answer does not mention it", async () => {
    await expect(asked(await served(site, { db: undefined }), {})).rejects.toThrow(/application's health/);
    await expect(asked(await served(site, { db: "error" }), {})).rejects.toThrow(/fleet\.internal\/health says/);
  });

  test("the release that was asked for, unless its answer is known to be a constant", async () => {
    const port = await served(site, { version: "0.1.0" });
    await expect(asked(port, {})).rejects.toThrow(/answered by version 0\.1\.0, not by 1\.5\.0/);
    await expect(asked(port, { health: { version: "ignore" } })).resolves.toMatchObject({ version: "0.1.0" });
  });

  test("every address that is published", async () => {
    const port = await served(site);
    const http = { bind: ["127.0.0.1", "::1"], httpPort: 1, httpsPort: port };
    await expect(asked(port, { http })).rejects.toThrow(/^https:\/\/fleet\.internal \(::1\)\/health gives no answer/);
    await served(site, {}, port, "::1");
    await expect(asked(port, { http })).resolves.toMatchObject({ version: "1.5.0" });
  });
});

describe("during the soak", () => {
  /** The statuses that `/health` answers in order; the last one is repeated. */
  const held = async (statuses: number[], hold: Partial<Verification>) => {
    let at = 0;
    const good = answers({});
    const port = await listening(site, (request, response) => {
      const status = request.url === "/health" ? (statuses[at++] ?? 200) : 200;
      if (status === 200) good(request, response);
      else if (status === 0) response.destroy();
      else response.writeHead(status).end("too much to do");
    });
    return asked(port, {}, undefined, hold);
  };

  test("after an answer of an overloaded proxy or a lost connection, the check is repeated once", async () => {
    await expect(held([200, 503, 200, 0], { holdSeconds: 3 })).resolves.toMatchObject({ version: "1.5.0" });
  });

  test.each<[string, number[], Partial<Verification>, RegExp]>([
    ["two in a row", [200, 502, 502], { holdSeconds: 1 }, /health answers 502 too much to do, after \d s of good/],
    ["more than three", [200, 502, 200, 502, 200, 502, 200, 502], { holdSeconds: 9 }, /health answers 502/],
    ["an error of the application's", [200, 500], { holdSeconds: 1 }, /health answers 500/],
    [
      "one of a release that has died",
      [200, 502],
      // Asked with each good answer, too.
      { holdSeconds: 1, death: vi.fn().mockResolvedValueOnce(undefined).mockResolvedValue("it exited") },
      /^it exited, after/,
    ],
  ])("refused: %s", async (_, statuses, hold, why) => {
    await expect(held(statuses, hold)).rejects.toThrow(why);
  });
});
