import { isIP } from "node:net";
import { z } from "zod";
import { certificates } from "./certificate";
import { address, domainName } from "./domain";
import { isUnspecified } from "../release/address";
import { choice, field, text, whole } from "./field";
import { bodySize } from "./sizes";

const port = (example: number) => whole({ min: 1, max: 65535, unit: "a TCP port", example });

/** One address or several, each in its canonical spelling; none covers another. */
const addresses = z
  .union([address().transform((one) => [one]), z.array(address()).min(1).max(16)])
  .refine((all) => new Set(all).size === all.length)
  .refine((all) => all.every((one) => isUnspecified(one) || !all.some((other) => covers(other, one))));

function covers(all: string, one: string): boolean {
  return isUnspecified(all) && isIP(all) === isIP(one);
}

/** Scheme, host and port, without a path; the default port of the scheme is left out. */
const origin = z.string().transform((value, context) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const host = url?.hostname.replace(/^\[(.*)\]$/, "$1") ?? "";
  const plain = url !== undefined && /^https?:\/\/[^/?#@\s]+\/?$/.test(value);
  if (plain && domainName().safeParse(host).success) return url.origin;
  context.issues.push({ code: "custom", input: value, message: "no origin" });
  return z.NEVER;
});

/** A network in the notation that Caddy reads, or Caddy's word for all private networks. */
const network = z.string().refine((value) => {
  const [base = "", bits, ...more] = value.split("/");
  if (value === "private_ranges") return true;
  const family = isIP(base);
  if (family === 0 || base.includes("%") || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
});

/** A key id that a Caddyfile reads as one word; a word that begins with `#` would be a comment there. */
const KEY_ID = /^(?!#)[\x21\x23-\x5b\x5d-\x5f\x61-\x7a\x7c\x7e]{1,256}$/;

const acme = z.strictObject({
  directory: text(
    /^https:\/\/[A-Za-z0-9.:[\]-]+(?:\/[A-Za-z0-9._~%/-]*)?$/,
    "the https URL of an ACME directory",
    "https://acme.example.com/directory",
  ).optional(),
  email: text(/^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$/, "an email address", "operator@example.com").optional(),
  authority: certificates(
    "the certificates (PEM) of the authority that signs, and of the directory's own TLS",
  ).optional(),
  eabKeyId: text(KEY_ID, "the key id of an external account binding, which does not begin with #", "").optional(),
});

/** The limits of one client: clients that are slow on purpose, or send without an end, would block all others. */
const limits = z.strictObject({
  bodySize: bodySize().prefault("50MB"),
  readSeconds: whole({ min: 10, max: 86_400, unit: "seconds", example: 300 }).default(300),
  writeSeconds: whole({ min: 60, max: 86_400, unit: "seconds", example: 3600 }).default(3600),
});

/**
 * How users reach the stack: where Caddy listens, which authority signs its certificate, and which proxy is in front of
 * it.
 */
export const http = z
  .strictObject({
    bind: field(
      addresses,
      "an IP address of the Docker host, or a list of them, of which none covers another",
      "0.0.0.0",
    ).prefault("0.0.0.0"),
    httpPort: port(80).default(80),
    httpsPort: port(443).default(443),
    tls: choice("auto", "internal", "off", "certificate").default("auto"),
    certificate: certificates("a certificate (PEM), followed by those that lead to its authority").optional(),
    acme: acme.prefault({}),
    publicUrl: field(
      origin,
      "scheme, host and port only, such as https://fleet.example.com",
      "https://fleet.example.com",
    ).optional(),
    trustedProxies: field(
      z.array(network).max(64),
      "a list of IP addresses, networks such as 10.0.0.0/8, or private_ranges",
      "",
    ).default([]),
    hsts: choice("host", "subdomains", "off").default("host"),
    allowPlainHttp: field(z.boolean(), "true or false", "false").default(false),
    limits: limits.prefault({}),
  })
  .refine(({ httpPort, httpsPort }) => httpPort !== httpsPort, {
    path: ["httpsPort"],
    message: "another port than httpPort",
    params: { example: "443" },
  });
