/** A configuration for each way in which users can reach a site, except with a certificate of one's own. */
export const MODES: Readonly<Record<string, object>> = {
  "a domain on another port": { domain: "fleet.example.com", http: { httpPort: 8080, httpsPort: 8443 } },
  "a domain whose ports a router maps": {
    domain: "fleet.example.com",
    http: { httpPort: 8080, httpsPort: 8443, publicUrl: "https://fleet.example.com" },
  },
  "a domain with an address for its authority": {
    domain: "fleet.example.com",
    http: { acme: { email: "operator@example.com" } },
  },
  "a private name": { domain: "fleet.internal" },
  "a bare name": { domain: "nas", http: { httpPort: 8080, httpsPort: 8443 } },
  "an IPv4 address": { domain: "10.0.0.5" },
  "an IPv6 address": { domain: "fd00::5", http: { bind: ["0.0.0.0", "::"] } },
  "a domain with Caddy's own authority": { domain: "fleet.example.com", http: { tls: "internal" } },
  "a site whose TLS ends elsewhere": { domain: "fleet.example.com", http: { tls: "off" } },
  "a site behind a proxy": {
    domain: "localhost",
    http: { tls: "off", publicUrl: "https://fleet.example.com", trustedProxies: ["private_ranges", "203.0.113.0/24"] },
  },
  "an ACME server of the operator's": {
    domain: "fleet.internal",
    http: {
      acme: { directory: "https://acme.internal:14000/dir", email: "operator@example.com", eabKeyId: "kid-1" },
    },
    secrets: { acmeEabKey: "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W" },
  },
};
