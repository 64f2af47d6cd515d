import { describe, expect, test } from "vitest";
import { caddyfile } from "../../../components/services/caddyfile";

const ports = (httpPort: number, httpsPort: number) => ({ bind: "0.0.0.0", httpPort, httpsPort });

describe("the Caddyfile", () => {
  test("of a domain", () => {
    expect(caddyfile({ domain: "fleet.example.com", http: ports(80, 443) })).toMatchSnapshot();
  });

  test("of localhost", () => {
    expect(caddyfile({ domain: "localhost", http: ports(8080, 8443) })).toMatchSnapshot();
  });

  test("of a domain on another port redirects to that port", () => {
    expect(caddyfile({ domain: "fleet.example.com", http: ports(8080, 8443) })).toContain(
      "http://fleet.example.com {\n\tredir https://fleet.example.com:8443{uri} 308\n}",
    );
  });
});
