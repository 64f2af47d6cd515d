import { createHash } from "node:crypto";
import { z } from "zod";
import { chainOf } from "../../release/certificate";
import { hasPublicAuthority, inUrl } from "../../release/address";
import type { Settings } from "../../settings/schema";

/**
 * The file beside the Caddyfile that says how users reach the stack, for scripts that are called by hand without a
 * config.
 */
export const ENTRANCE = "/config/entrance.json";

/**
 * What the site's certificate is checked against: the public authorities; Caddy's own authority; another authority, by
 * its certificates (PEM); or the certificate that the operator has given (SHA-256 of the leaf, as OpenSSL prints it).
 */
const trust = z.union([
  z.enum(["public", "caddy"]),
  z.strictObject({ authority: z.string() }),
  z.strictObject({ certificate: z.string() }),
]);

/** How users reach the stack. Verification uses the same way. */
export const entrance = z.strictObject({
  /** Where users find it. */
  url: z.string(),
  /** Host name or IP address, in TLS and Host. */
  domain: z.string(),
  http: z.strictObject({ bind: z.array(z.string()).min(1), httpPort: z.number(), httpsPort: z.number() }),
  /** The schemes under which Caddy serves content; under the other it redirects. */
  schemes: z.array(z.enum(["http", "https"])).min(1),
  trust,
  /** Whether the version in the answer of `/health` is compared, or is a constant and ignored. */
  health: z.strictObject({ version: z.enum(["compare", "ignore"]) }),
});
export type Entrance = z.infer<typeof entrance>;

type Asked = Pick<Settings, "domain" | "http">;

/** Whether Caddy serves TLS, and which authority signs the certificate. */
type Tls = "public" | "acme" | "caddy" | "certificate" | "off";

/**
 * Resolves `auto`: Caddy's own authority signs localhost, and each name that no public authority certifies. If the
 * operator has configured an ACME server, it is used, because it may certify any name.
 */
export function tlsOf({ domain, http: { tls, acme } }: Asked): Tls {
  if (tls === "off" || tls === "certificate") return tls;
  if (tls === "internal" || domain === "localhost") return "caddy";
  if (acme.directory !== undefined) return "acme";
  return hasPublicAuthority(domain) ? "public" : "caddy";
}

/** True for localhost, which is also served over plain HTTP: a first trial needs no trusted authority. */
export function isLocal(asked: Asked): boolean {
  return asked.domain === "localhost" && tlsOf(asked) === "caddy";
}

/** Gives the URL of the stack: the one in the config, else from the domain, and the port unless it is the default. */
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

/** Gives the files of one set. A renewed set has other names, so the Caddyfile changes, and Caddy reloads it. */
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
