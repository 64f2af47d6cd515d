import { expect, test } from "vitest";
import { domainName } from "../../../components/settings/domain";
import { hasPublicAuthority } from "../../../components/release/address";

const parsed = (value: string) => domainName().safeParse(value);

test.each([
  "localhost",
  "fleet.example.com",
  "fleet.internal",
  "nas.lan",
  "nas",
  "a.b.home.arpa",
  "10.0.0.5",
  "203.0.113.7",
  "::1",
  "fd00::5",
  "2001:db8::1",
  "xn--bcher-kva.example.com",
  "fleet.localhost",
  "3d.example.com",
])("%s is a domain", (value) => {
  expect(parsed(value)).toEqual({ success: true, data: value });
});

test.each([
  ["FD00:0:0::5", "fd00::5"],
  ["2001:0db8::0001", "2001:db8::1"],
])("%s is spelled as in browsers", (value, spelled) => {
  expect(parsed(value).data).toBe(spelled);
});

test.each([
  "https://fleet.example.com",
  "fleet.example.com:8443",
  "fleet.example.com/app",
  "Fleet.example.com",
  "fleet.example.com.",
  "-fleet.example.com",
  "fleet..com",
  "10.0.0",
  "10.0.0.256",
  "0.0.0.0",
  "::",
  "fleet_1.example.com",
  "bücher.example",
  "*.example.com",
  "[::1]",
  "fleet.example.com\n",
  `${"a".repeat(64)}.com`,
  "fleet.123",
  "",
])("%s is not a domain", (value) => {
  expect(parsed(value).success).toBe(false);
});

test.each([
  "fleet.example.com",
  "fleet.example.org",
  "example.dev",
  "a.b.co.uk",
  "host.network",
  "fleet.zone",
  "lan.com",
])("%s has a public authority", (domain) => {
  expect(hasPublicAuthority(domain)).toBe(true);
});

test.each([
  "localhost",
  "fleet.localhost",
  "fleet.internal",
  "fleet.local",
  "fleet.home.arpa",
  "nas.lan",
  "nas",
  "fleet.home",
  "fleet.corp",
  "fleet.intranet",
  "fleet.private",
  "fleet.localdomain",
  "fleet.test",
  "fleet.example",
  "fleet.invalid",
  "fleet.onion",
  "fleet.alt",
  "10.0.0.5",
  "203.0.113.7",
  "fd00::5",
  "2001:db8::1",
  "fleet.xz",
  "fleet.router",
])("%s has no public authority", (domain) => {
  expect(hasPublicAuthority(domain)).toBe(false);
});
