import { isUnspecified } from "../release/address";
import { isIP } from "node:net";
import { z } from "zod";
import { field } from "./field";

/**
 * Labels of letters, digits and hyphens. The last label begins with a letter, because the name could be read as an
 * address otherwise.
 */
const NAME = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The host that users type: a name, or an address. */
export function domainName() {
  return field(
    z
      .string()
      .transform((value) => (isIP(value) === 0 ? value : canonicalAddress(value)))
      .refine((value) => (isIP(value) === 0 ? NAME.test(value) : !isUnspecified(value))),
    "a host name in lower case such as fleet.example.com or nas.lan, an IP address, or localhost; no scheme, port or path",
    "fleet.example.com",
  );
}

/** An address of the Docker host to listen on; `0.0.0.0` and `::` mean all addresses of a family. */
export function address() {
  return z
    .string()
    .refine((value) => isIP(value) !== 0)
    .transform(canonicalAddress);
}

/** The spelling of an address that Docker and browsers use. */
function canonicalAddress(value: string): string {
  return isIP(value) === 6 ? new URL(`http://[${value.split("%")[0] ?? ""}]`).hostname.slice(1, -1) : value;
}
