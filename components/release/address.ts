import { isIP } from "node:net";

/**
 * Last labels of names that no public authority certifies, because the public DNS root does not have them: special-use
 * names (https://www.iana.org/assignments/special-use-domain-names), those that ICANN keeps out of the root for their
 * use in private networks (https://www.icann.org/resources/board-material/resolutions-2018-02-04-en#2.c, RFC 6762
 * appendix G), and the country codes that ISO 3166 leaves for private use. Caddy itself knows the first four
 * (certmagic, `SubjectIsInternal`) and asks a public authority for all others, for ever.
 */
const PRIVATE_ENDS = new Set(
  (
    "localhost local internal arpa " +
    "alt example invalid onion test " +
    "belkin bbrouter corp dhcp dlink docker domain gateway home intern intra intranet kubernetes lan " +
    "localdomain localnet lokal mail mshome nas openstacklocal priv private prv router server svc vpn workgroup " +
    "aa qm qn qo qp qq qr qs qt qu qv qw qx qy qz " +
    "xa xb xc xd xe xf xg xh xi xj xk xl xm xn xo xp xq xr xs xt xu xv xw xx xy xz zz"
  ).split(" "),
);

/**
 * False for an address, for a name without a dot, and for a name whose last label the public DNS root does not have.
 */
export function hasPublicAuthority(domain: string): boolean {
  const end = domain.split(".").at(-1) ?? "";
  return isIP(domain) === 0 && domain.includes(".") && !PRIVATE_ENDS.has(end);
}

export function isUnspecified(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}

/** Whether only the host itself can reach this address. */
export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

/** Spells a host for a URL: an IPv6 address gets brackets. */
export function inUrl(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}
