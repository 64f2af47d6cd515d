import type { Settings } from "../settings/schema";

/** True where no public certificate can be had: Caddy signs with its own authority and serves plain HTTP as well. */
export function isLocal(domain: string): boolean {
  return domain === "localhost";
}

/** Where users find the stack: HTTPS under a domain, plain HTTP on localhost, the port when it is not the usual one. */
export function publicUrl({ domain, http }: Pick<Settings, "domain" | "http">): string {
  return isLocal(domain) ? address("http", domain, http.httpPort, 80) : address("https", domain, http.httpsPort, 443);
}

function address(scheme: string, host: string, port: number, usual: number): string {
  return port === usual ? `${scheme}://${host}` : `${scheme}://${host}:${port}`;
}
