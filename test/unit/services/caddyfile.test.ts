import { describe, expect, test } from "vitest";
import { caddyfile } from "../../../components/services/caddyfile";
import { schema } from "../../../components/settings/schema";
import { certified } from "../../support/certificates";
import { MODES } from "../../support/modes";

const of = (config: object) => caddyfile(schema.parse({ version: "1.5.0", ...config }));
/** Without the parts that all have, and that two snapshots show. */
const head = (text: string) => text.split("(upstream) {")[0] ?? "";
const sites = (text: string) => text.split("\n\n").slice(5).join("\n\n");

describe("the Caddyfile", () => {
  test("of a domain", () => {
    expect(of({ domain: "fleet.example.com" })).toMatchSnapshot();
  });

  test("of localhost", () => {
    expect(of({ http: { httpPort: 8080, httpsPort: 8443 } })).toMatchSnapshot();
  });

  test.each(Object.entries(MODES))("of %s", (_, config) => {
    const text = of(config);
    expect(`${head(text)}…\n\n${sites(text)}`).toMatchSnapshot();
  });

  test("tells the application the client's address and the public name behind a trusted proxy", () => {
    const text = of({
      domain: "fleet.example.com",
      http: { tls: "off", publicUrl: "https://fleet.example.com", trustedProxies: ["10.0.0.0/8", "fd00::/8"] },
    });
    expect(text).toContain("\t\ttrusted_proxies static 10.0.0.0/8 fd00::/8\n\t\ttrusted_proxies_strict\n");
    for (const line of [
      "header_up X-Forwarded-For {client_ip}",
      "header_up X-Forwarded-Proto https",
      "header_up X-Forwarded-Host fleet.example.com",
    ])
      expect(text.split(line)).toHaveLength(3); // everybody's requests, and the candidate's
  });

  test.each([
    ["host", 'Strict-Transport-Security "max-age=31536000"\n'],
    ["subdomains", 'Strict-Transport-Security "max-age=31536000; includeSubDomains"\n'],
  ])("says that TLS is for good, for %s", (hsts, line) => {
    expect(of({ domain: "fleet.example.com", http: { hsts } })).toContain(line);
  });

  test.each([
    [{ domain: "fleet.example.com", http: { hsts: "off" } }],
    [{ domain: "localhost" }],
    [{ domain: "fleet.example.com", http: { tls: "off" } }],
  ])("does not say so for %j", (config) => {
    expect(of(config)).not.toContain("Strict-Transport-Security");
  });

  test("names the files of a certificate by what is in them: a renewed one changes it", () => {
    const renewed = (name: string) => {
      const { certificate, key } = certified({ name });
      return of({ domain: name, http: { tls: "certificate", certificate }, secrets: { tlsKey: key } });
    };
    expect(renewed("fleet.example.com")).not.toBe(renewed("fleet.example.com"));
  });
});
