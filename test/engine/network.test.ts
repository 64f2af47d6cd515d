import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chainOf } from "../../components/release/certificate";
import { caddyfile } from "../../components/services/caddyfile";
import { proxyFiles } from "../../components/host/routing/entrance";
import { CANDIDATE_HEADER, CANDIDATE_TOKEN } from "../../components/host/routing/files";
import { schema } from "../../components/settings/schema";
import { Routing } from "../../components/host/routing/routing";
import { certified, type Identity } from "../support/certificates";
import { expectNoChange, expectUp } from "../support/expectations";
import { FULL } from "../support/scale";
import { MODES } from "../support/modes";
import { refusalOf } from "../support/planned";
import { run, TestStack } from "../support/stack";

const stack = new TestStack("test-network", 18382);
const CADDY = "nestfleet-test-network-caddy";
const POSTGRES_18 = "127.0.0.1:5055/postgres:18-of-network";
const DOMAIN = "fleet.internal";
const PUBLIC = "fleet.example.com";
const PEBBLE = "nestfleet-test-network-pebble";
const MANAGEMENT_PORT = 18390;
const folder = mkdtempSync(join(tmpdir(), "nestfleet-network-"));
const authority = certified({ name: "Example Authority", authority: true });

beforeAll(async () => {
  const from = ["--file", "test/images/postgres-18/Dockerfile", "test/images/postgres"];
  // This name stays, so that the next run finds the image.
  const kept = "nestfleet-standin/postgres:18";
  await stack.docker.run(["build", "--force-rm", "--tag", kept, ...from]);
  await stack.docker.run(["tag", kept, POSTGRES_18]);
  const limits = { "http.limits.bodySize": "1MB", "http.limits.readSeconds": "10" };
  await stack.create({ version: "1.4.2", domain: DOMAIN, "images.postgres": POSTGRES_18, ...limits });
  await stack.unset("http.bind");
  await stack.configure({ "http.bind[0]": "127.0.0.1", "http.bind[1]": "::1" });
  await expectUp(stack);
});

afterAll(async () => {
  await removePebble();
  await stack.dispose();
  await stack.docker.run(["image", "rm", POSTGRES_18]).catch(() => undefined);
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  /** SHA-256 of the certificate that was served. */
  readonly certificate: string;
}

interface Asking extends Pick<https.RequestOptions, "port" | "rejectUnauthorized"> {
  readonly host?: string;
  readonly headers?: Record<string, string>;
}

/** Sends a request as a user does whose name server gives `address`. Over TLS, only `ca` is trusted. */
function get(path: string, ca: string | undefined, options: Asking = {}): Promise<Answer> {
  const { headers = {}, ...others } = options;
  const port = stack.httpPort + (ca === undefined ? 0 : 1);
  const all = { host: "127.0.0.1", port, path, agent: false, timeout: 20_000, ...others };
  const named = { ...all, headers: { host: DOMAIN, ...headers }, servername: DOMAIN, ca };
  return new Promise((resolve, reject) => {
    const asking = (ca === undefined ? http : https).get(named, (response) => {
      const served = response.socket instanceof TLSSocket ? response.socket.getPeerX509Certificate() : undefined;
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => {
        const { statusCode: status = 0, headers: told } = response;
        resolve({ status, headers: told, body, certificate: served?.fingerprint256 ?? "" });
      });
    });
    asking.on("timeout", () => asking.destroy(new Error("no answer within 20 s")));
    asking.on("error", reject);
  });
}

/** Sends only this text over TLS. Gives the answer, and the seconds until the answer or the end of the connection. */
function say(text: string, ca: string): Promise<{ answer: string; seconds: number }> {
  const started = Date.now();
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: stack.httpPort + 1, servername: DOMAIN, ca });
    const told = (answer: string) => {
      resolve({ answer, seconds: (Date.now() - started) / 1000 });
      socket.destroy();
    };
    socket.setEncoding("utf8").on("data", told);
    socket.on("error", reject).on("close", () => {
      told("");
    });
    socket.write(text);
  });
}

async function whoAmI(answer: Promise<Answer>): Promise<Record<string, string>> {
  return JSON.parse((await answer).body) as Record<string, string>;
}

/** Sets a value by standard input, as the message tells an operator to. */
async function setFromFile(path: string, value: string, ...options: string[]): Promise<void> {
  const [program = "", ...args] = stack.command("config", "set", ...options, "--path", `nestfleet:${path}`);
  const set = await run(program, args, stack.environment(), value);
  expect(set.exitCode, set.output).toBe(0);
}

test("Caddy accepts the Caddyfile of every mode", async () => {
  const image = (await stack.docker.run(["inspect", "--format", "{{.Image}}", CADDY])).trim();
  const site = certified({ name: PUBLIC }, authority);
  const pair = { http: { tls: "certificate", certificate: site.certificate }, secrets: { tlsKey: site.key } };
  const modes = {
    ...MODES,
    localhost: {},
    "a domain": { domain: PUBLIC },
    "a certificate": { domain: PUBLIC, ...pair },
  };
  for (const [name, config] of Object.entries(modes)) {
    const settings = schema.parse({ version: "1.4.2", ...config });
    const files = Object.values(proxyFiles(settings)).flatMap((file) => file ?? []);
    const written = [...files, { path: "/config/Caddyfile", content: caddyfile(settings) }];
    const script = written.map(
      ({ path }) => `mkdir -p "$(dirname ${path})"; read -r x; printf %s "$x" | base64 -d > ${path}`,
    );
    const command = [...script, "caddy validate --config /config/Caddyfile --adapter caddyfile"].join("\n");
    const container = ["run", "--rm", "-i", "--network", "none", "--entrypoint", "sh", image, "-c", command];
    const lines = written.map(({ content }) => `${Buffer.from(content).toString("base64")}\n`).join("");
    await expect(stack.docker.run(container, lines), name).resolves.toBeDefined();
  }
});

test("PostgreSQL 18 has its volume where its image wants it, a backup of it can be restored, and another major is refused", async () => {
  expect(await stack.sql("SHOW data_directory")).toBe("/var/lib/postgresql/18/docker");
  const format = '{{range .Mounts}}{{if eq .Destination "/var/lib/postgresql"}}{{.Name}}{{end}}{{end}}';
  const mounted = await stack.docker.run(["inspect", "--format", format, "nestfleet-test-network-postgres"]);
  expect(mounted.trim()).toBe("nestfleet-test-network-postgres");
  const proved = await run("bash", ["scripts/backup.sh", "--stack", stack.name, "--prove"], stack.environment());
  expect(proved.exitCode, proved.output).toBe(0);
  expect(proved.output).toMatch(/proof: \S+-1\.4\.2 can be restored/);
  const other = "127.0.0.1:5055/postgres:17";
  expect(await refusalOf(stack, { "images.postgres": other })).toContain(
    `${other} is PostgreSQL 17, the data are from PostgreSQL 18`,
  );
});

describe("a private name", () => {
  test("is served by Caddy's own authority, over IPv4 and IPv6; the previews are empty", async () => {
    const root = await stack.docker.run(["exec", CADDY, "cat", "/data/caddy/pki/authorities/local/root.crt"]);
    for (const host of ["127.0.0.1", "::1"]) {
      const { status, headers } = await get("/login", root, { host });
      expect(status).toBe(200);
      expect(headers["alt-svc"]).toBeUndefined();
      expect(headers["strict-transport-security"]).toBe("max-age=31536000");
      const redirect = await get("/login", undefined, { host });
      expect([redirect.status, redirect.headers.location]).toEqual([
        308,
        `https://${DOMAIN}:${stack.httpPort + 1}/login`,
      ]);
    }
    await expectNoChange(stack);
  });

  test("gives the application the client's address, also with a made-up candidate token", async () => {
    const root = await stack.docker.run(["exec", CADDY, "cat", "/data/caddy/pki/authorities/local/root.crt"]);
    const own = await whoAmI(get("/api/whoami", root));
    expect(own).toMatchObject({ scheme: "https", address: expect.not.stringMatching(/^127\./) as string });
    for (const token of ["1", "", "*", "0".repeat(64)]) {
      const headers = { [CANDIDATE_HEADER]: token };
      expect(await whoAmI(get("/api/whoami", root, { headers })), token).toEqual(own);
      expect((await get("/login", root, { headers })).status, token).toBe(200);
    }
    const told = (await stack.docker.run(["exec", CADDY, "stat", "-c", "%a %s", CANDIDATE_TOKEN])).trim();
    expect(told).toBe("600 64");
    expect(await stack.docker.logs(CADDY, 1000)).not.toMatch(/"level":"error"/);
  });

  test("reaches a candidate only with its token, and only while it is a candidate", async () => {
    const root = await stack.docker.run(["exec", CADDY, "cat", "/data/caddy/pki/authorities/local/root.crt"]);
    const asked = (token: string) => get("/health", root, { headers: { [CANDIDATE_HEADER]: token } });
    const nobody = { api: "nestfleet-test-network-nobody", console: "nestfleet-test-network-nobody" };
    const token = await Routing.of(stack.docker, CADDY).setCandidates(nobody);
    expect((await asked(token)).status).toBeGreaterThan(500);
    expect((await asked("1")).status).toBe(200);
    await Routing.of(stack.docker, CADDY).clearCandidates();
    expect((await asked(token)).status).toBe(200);
  });

  test("does not lead to the internal paths of the api", async () => {
    const root = await stack.docker.run(["exec", CADDY, "cat", "/data/caddy/pki/authorities/local/root.crt"]);
    const astray = ["/metrics/../api/whoami", "/internal/x/..%2f..%2fapi/whoami", "/api/%2e%2E/metrics", "/api/..%5cx"];
    for (const path of astray) expect((await get(path, root)).status, path).toBe(400);
    for (const path of ["/metrics", "//metrics", "/internal/cron/run", "/internal"]) {
      const { status, headers } = await get(path, root);
      expect([status, headers["x-content-type-options"], headers["server"]], path).toEqual([404, "nosniff", undefined]);
    }
    for (const path of ["/api/whoami?y=/a/../z", "/login"]) expect((await get(path, root)).status, path).toBe(200);
  });
});

describe("a large or slow request", () => {
  const request = (head: string) => `POST /api/cases HTTP/1.1\r\nHost: ${DOMAIN}\r\n${head}\r\n`;

  test("is cut off, by size and by time", async () => {
    const root = await stack.docker.run(["exec", CADDY, "cat", "/data/caddy/pki/authorities/local/root.crt"]);
    const [large, slowHead, slowBody] = await Promise.all([
      say(request(`Content-Length: ${2 * 1024 * 1024}\r\nConnection: close\r\n`), root),
      say(request("Content-Length: 9\r\n").slice(0, -2), root),
      say(`${request("Content-Length: 9\r\n")}{`, root),
    ]);
    expect(large.answer).toMatch(/^HTTP\/1\.1 413 [^]*nosniff/);
    expect([large.seconds < 5, slowHead.seconds > 8, slowHead.seconds < 20]).toEqual([true, true, true]);
    expect([slowBody.seconds > 8, slowBody.seconds < 20]).toEqual([true, true]);
  });

  test("no log contains the parts that carry credentials", async () => {
    const root = await stack.docker.run(["exec", CADDY, "cat", "/data/caddy/pki/authorities/local/root.crt"]);
    const headers = {
      "X-Cron-Secret": "cron-secret-1",
      Cookie: "sid=cookie-secret-2",
      Authorization: "Bearer auth-secret-3",
    };
    expect((await get("/api/whoami?token=query-secret-4", root, { headers })).status).toBe(200);
    const log = await stack.docker.logs(CADDY, 1000);
    expect(log).toContain('"uri":"/api/whoami?…"');
    expect(log).not.toMatch(/cron-secret|cookie-secret|auth-secret|query-secret/);
  });
});

describe("a proxy in front", () => {
  test("has TLS; the application gets the public origin and the client's own address", async () => {
    await stack.configure({ domain: PUBLIC, "http.tls": "off", "http.publicUrl": `https://${PUBLIC}` });
    await stack.configure({ "http.trustedProxies[0]": "private_ranges" });
    await expectUp(stack);
    if (FULL) await expectNoChange(stack);
    const headers = { host: "127.0.0.1:8080", "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https" };
    expect(await whoAmI(get("/api/whoami", undefined, { headers }))).toEqual({
      address: "203.0.113.9",
      scheme: "https",
      host: PUBLIC,
      origin: `https://${PUBLIC}`,
    });
    expect(await stack.docker.run(["port", CADDY])).not.toContain("443");
  });
});

describe("an operator's own certificate", () => {
  test("is served, and replaced by a change of the configuration; the key is nowhere in plain text", async () => {
    await stack.unset("http.trustedProxies");
    await stack.unset("http.publicUrl");
    await stack.configure({ domain: DOMAIN, "http.tls": "certificate" });
    const first = await expectServed(certified({ name: DOMAIN }, authority));
    await expectNoChange(stack);
    const before = (await stack.containers())["caddy"];
    const second = await expectServed(certified({ name: DOMAIN }, authority));
    expect((await stack.containers())["caddy"]).toEqual(before);
    for (const { key } of [first, second]) {
      const line = key.split("\n")[1] ?? key;
      expect(stack.said).not.toContain(line);
      expect(stack.state()).not.toContain(line);
    }
    const files = await stack.docker.run(["exec", CADDY, "ls", "-l", "/config/nestfleet"]);
    expect(files.match(/-rw------- /g)).toHaveLength(2);
  });
});

async function expectServed(identity: Identity): Promise<Identity> {
  await setFromFile("http.certificate", identity.certificate);
  await setFromFile("secrets.tlsKey", identity.key, "--secret");
  await expectUp(stack);
  const { status, certificate } = await get("/login", authority.certificate);
  expect([status, certificate]).toEqual([200, chainOf(identity.certificate)[0]?.fingerprint256]);
  return identity;
}

describe("an operator's own ACME server", () => {
  test("certifies a private name once, and the checks of an update trust it", async () => {
    const root = await startPebble();
    await stack.unset("http.certificate");
    await stack.unset("secrets");
    await stack.configure({ "http.tls": "auto", "http.acme.directory": "https://pebble:14000/dir" });
    await stack.configure({ "http.acme.authority": `${authority.certificate}${root}` });
    await expectUp(stack);
    await expectNoChange(stack);
    const { certificate } = await get("/login", root);
    await stack.docker.run(["restart", CADDY]);
    const again = () => get("/login", root).catch(() => undefined);
    await expect.poll(again, { timeout: 20_000 }).toMatchObject({ status: 200, certificate });
    const log = await stack.docker.logs(PEBBLE, 1000);
    expect(log.match(/Issued certificate serial/g)).toHaveLength(1);
  });
});

test.runIf(FULL)("an upgrade takes a backup and a rehearsal", async () => {
  await stack.configure({ version: "1.5.0" });
  const up = await expectUp(stack);
  expect(up.output).toMatch(/rehearsal: \S+ restored[^]*1\.5\.0 answers on/);
  await expectNoChange(stack);
});

/** Starts a real ACME server beside Caddy, which accepts every challenge. Gives its root certificate (PEM). */
async function startPebble(): Promise<string> {
  const bin = join(process.cwd(), ".nestfleet/bin");
  if (!existsSync(join(bin, "pebble"))) {
    mkdirSync(bin, { recursive: true });
    const environment = { ...process.env, GOBIN: bin, CGO_ENABLED: "0" };
    const built = await run("go", ["install", "github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.1"], environment);
    expect(built.exitCode, built.output).toBe(0);
  }
  const { certificate, key } = certified({ name: "pebble" }, authority);
  const pebble = {
    listenAddress: "0.0.0.0:14000",
    managementListenAddress: "0.0.0.0:15000",
    certificate: "/pebble/cert.pem",
    privateKey: "/pebble/key.pem",
    httpPort: 80,
    tlsPort: 443,
    profiles: { default: { description: "default", validityPeriod: 7_776_000 } },
  };
  for (const [name, content] of Object.entries({
    "cert.pem": certificate,
    "key.pem": key,
    "config.json": JSON.stringify({ pebble }),
  }))
    writeFileSync(join(folder, name), content);
  const environment = ["PEBBLE_VA_ALWAYS_VALID=1", "PEBBLE_WFE_NONCEREJECT=0"].flatMap((entry) => ["--env", entry]);
  const mounts = ["--volume", `${folder}:/pebble:ro`, "--volume", `${join(bin, "pebble")}:/usr/local/bin/pebble:ro`];
  const networks = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}";
  const network = (await stack.docker.run(["inspect", "--format", networks, CADDY])).trim();
  const alias = ["--network", network, "--network-alias", "pebble"];
  const place = [...alias, "--publish", `127.0.0.1:${MANAGEMENT_PORT}:15000`];
  const command = ["nestfleet-standin/base:trixie", "pebble", "-config", "/pebble/config.json"];
  await removePebble(); // a killed run may have left it
  await stack.docker.run(["run", "--detach", "--name", PEBBLE, ...place, ...environment, ...mounts, ...command]);
  const management = { port: MANAGEMENT_PORT, rejectUnauthorized: false };
  await expect.poll(() => get("/roots/0", "", management).catch(() => undefined), { timeout: 20_000 }).toBeDefined();
  return (await get("/roots/0", "", management)).body;
}

async function removePebble(): Promise<void> {
  await stack.docker.run(["rm", "--force", "--volumes", PEBBLE]);
}
