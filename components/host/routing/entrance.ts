import { createHash } from "node:crypto";
import { z } from "zod";
import { chainOf } from "../../release/certificate";
import { hasPublicAuthority, inUrl } from "../../release/address";
import type { Settings } from "../../settings/schema";

/** Beside the Caddyfile: how users reach the stack, for scripts that are called by hand and are told no config. */
export const ENTRANCE = "/config/entrance.json";

/**
 * Who vouches for the site: a public authority; Caddy's own; another one, whose certificates are here (PEM); or nobody
 * but the operator, who has given this very certificate (SHA-256 of the leaf, as OpenSSL prints it).
 */
const trust = z.union([
  z.enum(["public", "caddy"]),
  z.strictObject({ authority: z.string() }),
  z.strictObject({ certificate: z.string() }),
]);

/** How users reach the stack, and so how it is verified. */
export const entrance = z.strictObject({
  /** Where users find it. */
  url: z.string(),
  /** Host name or IP address, in TLS and Host. */
  domain: z.string(),
  http: z.strictObject({ bind: z.array(z.string()).min(1), httpPort: z.number(), httpsPort: z.number() }),
  /** What Caddy serves with content; elsewhere it redirects. */
  schemes: z.array(z.enum(["http", "https"])).min(1),
  trust,
  /** Whether `/health` tells the release's version, or a constant that says nothing. */
  health: z.strictObject({ version: z.enum(["compare", "ignore"]) }),
});
export type Entrance = z.infer<typeof entrance>;

type Asked = Pick<Settings, "domain" | "http">;

/** Whether and how TLS ends, and who signs. */
type Tls = "public" | "acme" | "caddy" | "certificate" | "off";

/**
 * `auto` leaves localhost to Caddy's own authority, and every name that no public one certifies, unless the operator
 * has an ACME server, which may certify whatever name there is.
 */
export function tlsOf({ domain, http: { tls, acme } }: Asked): Tls {
  if (tls === "off" || tls === "certificate") return tls;
  if (tls === "internal" || domain === "localhost") return "caddy";
  if (acme.directory !== undefined) return "acme";
  return hasPublicAuthority(domain) ? "public" : "caddy";
}

/** Nobody has to trust an authority to try it out: localhost is served over plain HTTP, too. */
export function isLocal(asked: Asked): boolean {
  return asked.domain === "localhost" && tlsOf(asked) === "caddy";
}

/** Where users find the stack: what the config says, else by domain and port, the port when it is not the usual one. */
export function publicUrl(asked: Asked): string {
  const { domain, http } = asked;
  if (http.publicUrl !== undefined) return http.publicUrl;
  return isLocal(asked) || tlsOf(asked) === "off"
    ? located("http", domain, http.httpPort, 80)
    : located("https", domain, http.httpsPort, 443);
}

export function entranceOf(settings: Asked & Pick<Settings, "health">): Entrance {
  const { bind, httpPort, httpsPort } = settings.http;
  const url = publicUrl(settings);
  const tls = tlsOf(settings);
  return {
    url,
    domain: tls === "off" ? new URL(url).hostname.replace(/^\[(.*)\]$/, "$1") : settings.domain,
    http: { bind, httpPort, httpsPort },
    schemes: [
      ...(tls === "off" || isLocal(settings) ? ["http" as const] : []),
      ...(tls === "off" ? [] : ["https" as const]),
    ],
    trust: trustOf(settings, tls),
    health: { version: settings.health.version },
  };
}

function trustOf({ http }: Asked, tls: Tls): Entrance["trust"] {
  if (tls === "caddy") return "caddy";
  if (tls === "acme" && http.acme.authority !== undefined) return { authority: http.acme.authority };
  const [leaf] = tls === "certificate" ? chainOf(http.certificate ?? "") : [];
  return leaf === undefined ? "public" : { certificate: leaf.fingerprint256 };
}

function located(scheme: string, host: string, port: number, usual: number): string {
  return port === usual ? `${scheme}://${inUrl(host)}` : `${scheme}://${inUrl(host)}:${port}`;
}

/** A file in Caddy's config volume that the Caddyfile names. */
interface ProxyFile {
  readonly path: string;
  readonly content: string;
  readonly secret: boolean;
}

/** Where the files of one set are; a renewed set has other names, and so the Caddyfile changes, and is reloaded. */
export function proxyFiles({
  http,
  secrets,
}: Asked & Pick<Settings, "secrets">): Record<FileName, ProxyFile | undefined> {
  const { acme, certificate } = http;
  return {
    certificate: fileOf("certificate", certificate, certificate),
    key: fileOf("key", secrets.tlsKey, certificate, true),
    authority: fileOf("authority", acme.authority, acme.authority),
    eabKey: fileOf("eab-key", secrets.acmeEabKey, acme.eabKeyId, true),
  };
}

type FileName = "certificate" | "key" | "authority" | "eabKey";

function fileOf(name: string, content: string | undefined, named: string | undefined, secret = false) {
  if (content === undefined) return undefined;
  const hash = createHash("sha256")
    .update(named ?? "")
    .digest("hex")
    .slice(0, 12);
  return { path: `${PROXY_FILES}/${name}-${hash}`, content, secret };
}

export const PROXY_FILES = "/config/nestfleet";
