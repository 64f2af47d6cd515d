import { describe, expect, test } from "vitest";
import { check } from "../../../components/settings/check";
import { certified } from "../../support/certificates";

const DOMAIN = "fleet.example.com";
const authority = certified({ name: "Example Authority", authority: true });
const site = certified({ name: DOMAIN }, authority);
const encrypted = new Set(["secrets"]);
const pair = { http: { tls: "certificate", certificate: site.certificate }, secrets: { tlsKey: site.key } };

function checked(config: Record<string, unknown>) {
  const values = Object.fromEntries(
    Object.entries({ version: "1.5.0", domain: DOMAIN, ...config }).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  return check({ values, encrypted, stack: "prod" });
}

function problems(config: Record<string, unknown>) {
  const result = checked(config);
  return "problems" in result ? result.problems : [];
}

describe("settings that fit together", () => {
  test.each<[string, Record<string, unknown>]>([
    ["a certificate, its key and its name", pair],
    ["a chain", { ...pair, http: { tls: "certificate", certificate: `${site.certificate}${authority.certificate}` } }],
    ["the address in a certificate", { ...of(certified({ name: "10.0.0.5" })), domain: "10.0.0.5" }],
    [
      "a proxy in front",
      { http: { tls: "off", publicUrl: "https://fleet.example.com", trustedProxies: ["10.0.0.0/8"] } },
    ],
    [
      "a proxy in front of localhost",
      { domain: "localhost", http: { tls: "off", publicUrl: "https://a.example.com" } },
    ],
    ["ports that a router maps", { http: { httpsPort: 8443, publicUrl: "https://fleet.example.com" } }],
    [
      "an ACME server with an account",
      {
        http: {
          acme: { directory: "https://acme.internal:14000/dir", eabKeyId: "kid-1", authority: authority.certificate },
        },
        secrets: { acmeEabKey: "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W" },
      },
    ],
    ["both families", { http: { bind: ["0.0.0.0", "::"] } }],
    ["localhost for the host alone", { domain: "localhost", http: { bind: ["127.0.0.1", "::1"] } }],
    [
      "localhost in clear for all, where that is asked for",
      { domain: "localhost", http: { bind: "0.0.0.0", allowPlainHttp: true } },
    ],
    ["localhost behind another proxy", { domain: "localhost", http: { bind: "0.0.0.0", tls: "off" } }],
  ])("%s", (_, config) => {
    expect(problems(config)).toEqual([]);
  });
});

function of({ certificate, key }: { certificate: string; key: string }) {
  return { http: { tls: "certificate", certificate }, secrets: { tlsKey: key } };
}

describe("settings that do not fit together", () => {
  test.each<[string, Record<string, unknown>, string, RegExp]>([
    [
      "no key",
      { ...pair, secrets: {} },
      "nestfleet:secrets.tlsKey is missing",
      /--secret --path 'nestfleet:secrets.tlsKey' < key.pem/,
    ],
    [
      "no certificate",
      { ...pair, http: { tls: "certificate" } },
      "nestfleet:http.certificate is missing",
      /< certificate.pem/,
    ],
    [
      "another's key",
      { ...pair, secrets: { tlsKey: authority.key } },
      "nestfleet:secrets.tlsKey is [secret], another certificate's",
      /key.pem/,
    ],
    [
      "a key that is none",
      { ...pair, secrets: { tlsKey: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----" } },
      "nestfleet:secrets.tlsKey is [secret]",
      /key.pem/,
    ],
    [
      "another name",
      { ...pair, domain: "other.example.com" },
      "nestfleet:http.certificate is for DNS:fleet.example.com",
      /certificate.pem/,
    ],
    [
      "an expired certificate",
      of(certified({ name: DOMAIN, from: -90, until: -2 }, authority)),
      "nestfleet:http.certificate is expired on",
      /certificate.pem/,
    ],
    [
      "one of tomorrow",
      of(certified({ name: DOMAIN, from: 2 }, authority)),
      "nestfleet:http.certificate is valid from",
      /certificate.pem/,
    ],
    [
      "a chain in the wrong order",
      {
        ...pair,
        http: {
          tls: "certificate",
          certificate: `${site.certificate}${certified({ name: "Another", authority: true }).certificate}`,
        },
      },
      "nestfleet:http.certificate is a chain whose certificate 2 has not signed",
      /certificate.pem/,
    ],
    [
      "a certificate that is not used",
      { http: { certificate: site.certificate } },
      "nestfleet:http.certificate is given, and http.tls is auto",
      /http.tls' certificate/,
    ],
    [
      "text that is no certificate",
      { http: { tls: "certificate", certificate: "x" } },
      "nestfleet:http.certificate is",
      /rm/,
    ],
    [
      "a plain public URL",
      { http: { publicUrl: "http://fleet.example.com" } },
      "nestfleet:http.publicUrl",
      /'nestfleet:http.publicUrl' https:\/\/fleet.example.com/,
    ],
    [
      "a public URL of another name",
      { http: { publicUrl: "https://a.example.com" } },
      "nestfleet:http.publicUrl",
      /nestfleet:domain a.example.com/,
    ],
    [
      "a public URL with a path",
      { http: { publicUrl: "https://fleet.example.com/app" } },
      "nestfleet:http.publicUrl",
      /'nestfleet:http.publicUrl' \S/,
    ],
    [
      "an ACME authority without a directory",
      { http: { acme: { authority: authority.certificate } } },
      "nestfleet:http.acme.authority",
      /rm/,
    ],
    [
      "ACME without its use",
      { http: { tls: "internal", acme: { email: "a@example.com" } } },
      "nestfleet:http.acme.email is given, and http.tls is internal",
      /rm/,
    ],
    [
      "half an account",
      { http: { acme: { directory: "https://a.example.com/d", eabKeyId: "k" } } },
      "nestfleet:http.acme.eabKeyId",
      /secrets.acmeEabKey/,
    ],
    [
      "a directory without TLS",
      { http: { acme: { directory: "http://a.example.com/d" } } },
      "nestfleet:http.acme.directory",
      /'nestfleet:http.acme.directory' \S/,
    ],
    [
      "a directory that breaks the line",
      { http: { acme: { directory: "https://a.example.com/d\n}" } } },
      "nestfleet:http.acme.directory",
      /'nestfleet:http.acme.directory' \S/,
    ],
    ["a network that is none", { http: { trustedProxies: ["10.0.0.0/33"] } }, "nestfleet:http.trustedProxies", /rm/],
    ["a proxy by name", { http: { trustedProxies: ["proxy.lan"] } }, "nestfleet:http.trustedProxies", /rm/],
    ["an address twice", { http: { bind: ["::1", "0:0::1"] } }, "nestfleet:http.bind", /'nestfleet:http.bind' \S/],
    [
      "an address that another covers",
      { http: { bind: ["0.0.0.0", "127.0.0.1"] } },
      "nestfleet:http.bind",
      /'nestfleet:http.bind' \S/,
    ],
    ["no address", { http: { bind: [] } }, "nestfleet:http.bind", /'nestfleet:http.bind' \S/],
    ["logins in clear", { domain: "localhost", http: { bind: "0.0.0.0" } }, "nestfleet:http.bind", /allowPlainHttp/],
    [
      "a request without a limit",
      { http: { limits: { bodySize: "0MB" } } },
      "nestfleet:http.limits.bodySize",
      /'nestfleet:http.limits.bodySize' BODY-SIZE/,
    ],
    ["a word that is none", { http: { tls: "on" } }, "nestfleet:http.tls", /auto/],
  ])("%s", (_, config, what, fix) => {
    const found = problems(config);
    expect(found.map(({ path, value }) => `${path} is ${value}`).join("\n")).toContain(what);
    expect(found.map((problem) => problem.fix).join("\n")).toMatch(fix);
    expect(JSON.stringify(found)).not.toContain("PRIVATE KEY");
  });
});

test("all problems are reported at once, also beside keys that are wrong by themselves", () => {
  const found = problems({
    ...pair,
    version: "latest",
    domain: "other.example.com",
    secrets: { tlsKey: authority.key },
  });
  expect(found.map(({ path }) => path).sort()).toEqual([
    "nestfleet:http.certificate",
    "nestfleet:secrets.tlsKey",
    "nestfleet:version",
  ]);
});
