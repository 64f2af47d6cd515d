import { createPrivateKey, type KeyObject, type X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { z } from "zod";
import { configRmPath, configSet, configSetFile, configSetPath, configSetSecret } from "../release/commands";
import { chainOf, daysLeft } from "../release/certificate";
import { inUrl, isLoopback } from "../release/address";
import { schema, type Settings } from "./schema";
import type { ConfigProblem } from "./problem";

type Asked = Pick<Settings, "domain" | "http" | "secrets">;

/** A problem whose path has no namespace yet. Its value is never a secret. */
type Fault = ConfigProblem;

const CERTIFICATE = "http.certificate";
const KEY = "secrets.tlsKey";
const URL_KEY = "http.publicUrl";

/**
 * Reports what no key shows by itself: whether certificate, key and name fit, and whether the settings of TLS, ACME and
 * the public URL fit together. It also checks where other keys have problems. `now` is in milliseconds.
 */
export function tlsProblems(config: Readonly<Record<string, unknown>>, stack: string, now: number): ConfigProblem[] {
  const { domain, http, secrets } = schema.shape;
  const { success, data } = z.object({ domain, http, secrets }).safeParse(config);
  if (!success) return [];
  return [
    ...certificateFaults(data, stack, now),
    ...acmeFaults(data, stack),
    ...urlFaults(data, stack),
    ...plainFaults(data, stack),
  ].map(({ path, ...fault }) => ({ path: `nestfleet:${path}`, ...fault }));
}

function certificateFaults({ domain, http, secrets }: Asked, stack: string, now: number): Fault[] {
  const given: [string, string | undefined][] = [
    [CERTIFICATE, http.certificate],
    [KEY, secrets.tlsKey],
  ];
  if (http.tls !== "certificate")
    return given
      .filter(([, value]) => value !== undefined)
      .map(([path]) => ({
        path,
        value: `given, and http.tls is ${http.tls}`,
        rule: "given together with http.tls certificate, and only then",
        fix: `${configSetPath(stack, "http.tls", "certificate")}    # or ${configRmPath(stack, path)}`,
      }));
  const missing = given.filter(([, value]) => value === undefined).map(([path]) => path);
  if (missing.length > 0)
    return missing.map((path) => ({
      path,
      value: "missing",
      rule: "given with http.tls certificate",
      fix: fromFile(stack, path),
    }));
  return [
    ...keyFaults(http.certificate ?? "", secrets.tlsKey ?? "", stack),
    ...leafFaults({ pem: http.certificate ?? "", domain, now }, stack),
  ];
}

function keyFaults(pem: string, keyPem: string, stack: string): Fault[] {
  const [leaf] = chainOf(pem);
  const key = privateKey(keyPem);
  const fault = (value: string, rule: string) => [{ path: KEY, value, rule, fix: fromFile(stack, KEY) }];
  if (key === undefined) return fault("[secret]", "a private key (PEM) that can be read without a passphrase");
  return leaf?.checkPrivateKey(key) === true
    ? []
    : fault("[secret], another certificate's", "the private key of the first certificate in http.certificate");
}

/** The certificate of a name, at a time in milliseconds since 1970. */
interface Certificate {
  readonly pem: string;
  readonly domain: string;
  readonly now: number;
}

function leafFaults({ pem, domain, now }: Certificate, stack: string): Fault[] {
  const chain = chainOf(pem);
  const [leaf] = chain;
  if (leaf === undefined) return [];
  const fault = (value: string, rule: string) => ({
    path: CERTIFICATE,
    value,
    rule,
    fix: fromFile(stack, CERTIFICATE),
  });
  const stranger = chain.findIndex((one, index) => index > 0 && chain[index - 1]?.checkIssued(one) !== true);
  return [
    ...(isFor(leaf, domain)
      ? []
      : [fault(`for ${subjectsOf(leaf)}`, `for ${domain}, the name in nestfleet:domain, as the first of the chain`)]),
    ...(daysLeft(leaf, now) < 0 ? [fault(`expired on ${leaf.validTo}`, "one that is still valid")] : []),
    ...(Date.parse(leaf.validFrom) > now
      ? [fault(`valid from ${leaf.validFrom} on`, "one that is valid already")]
      : []),
    ...(stranger > 0
      ? [
          fault(
            `a chain whose certificate ${stranger + 1} has not signed the one before it`,
            "the site's own certificate first, each followed by its signer's",
          ),
        ]
      : []),
  ];
}

/**
 * Whether a certificate is for a name, by its alternative names alone, as in browsers; the subject's common name does
 * not count.
 */
function isFor(leaf: X509Certificate, domain: string): boolean {
  const found = isIP(domain) === 0 ? leaf.checkHost(domain, { subject: "never" }) : leaf.checkIP(domain);
  return found !== undefined;
}

function subjectsOf({ subjectAltName, subject }: X509Certificate): string {
  return (subjectAltName ?? subject).replaceAll(/\s+/g, " ").slice(0, 200);
}

function privateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function acmeFaults({ http, secrets }: Asked, stack: string): Fault[] {
  const { directory, authority, eabKeyId } = http.acme;
  const remove = (path: string) => configRmPath(stack, path);
  const used = http.tls === "auto";
  const idle = Object.keys(http.acme).filter(() => !used);
  const pairs: [boolean, Fault][] = [
    [
      authority !== undefined && directory === undefined,
      {
        path: "http.acme.authority",
        value: "given",
        rule: "given together with http.acme.directory",
        fix: remove("http.acme.authority"),
      },
    ],
    [
      eabKeyId !== undefined && (directory === undefined || secrets.acmeEabKey === undefined),
      {
        path: "http.acme.eabKeyId",
        value: "given",
        rule: "given together with http.acme.directory and secrets.acmeEabKey",
        fix: configSetSecret(stack, "secrets.acmeEabKey"),
      },
    ],
    [
      secrets.acmeEabKey !== undefined && eabKeyId === undefined,
      {
        path: "secrets.acmeEabKey",
        value: "[secret]",
        rule: "given together with http.acme.eabKeyId",
        fix: remove("secrets.acmeEabKey"),
      },
    ],
  ];
  return [
    ...idle.map((key) => ({
      path: `http.acme.${key}`,
      value: `given, and http.tls is ${http.tls}`,
      rule: "given with http.tls auto only",
      fix: remove(`http.acme.${key}`),
    })),
    ...pairs.filter(([broken]) => broken).map(([, fault]) => fault),
  ];
}

/** Caddy serves only the name in its certificate, and serves any name only where another proxy has the certificate. */
function urlFaults({ domain, http: { tls, publicUrl } }: Asked, stack: string): Fault[] {
  if (publicUrl === undefined) return [];
  const { protocol, hostname } = new URL(publicUrl);
  const scheme = tls === "off" ? protocol : "https:";
  const host = tls === "off" && domain === "localhost" ? hostname : inUrl(domain);
  if (protocol === scheme && hostname === host) return [];
  return [
    {
      path: URL_KEY,
      value: JSON.stringify(publicUrl),
      rule:
        tls === "off"
          ? `a URL of nestfleet:domain, which is ${domain}`
          : `an https URL of nestfleet:domain, which is ${domain}, unless http.tls is off`,
      fix:
        hostname === host
          ? configSetPath(stack, URL_KEY, `https://${host}`)
          : `${configSet(stack, "domain", hostname.replace(/^\[(.*)\]$/, "$1"))}    # or ${configRmPath(stack, URL_KEY)}`,
    },
  ];
}

/** localhost is served over plain HTTP, under any name, so logins from other hosts would be sent in plain text. */
function plainFaults({ domain, http: { tls, bind, allowPlainHttp } }: Asked, stack: string): Fault[] {
  const plain = domain === "localhost" && (tls === "auto" || tls === "internal");
  if (!plain || allowPlainHttp || bind.every(isLoopback)) return [];
  return [
    {
      path: "http.bind",
      value: JSON.stringify(bind),
      rule: "an address of this host alone (127.0.0.1, ::1) while nestfleet:domain is localhost, which is served over plain HTTP",
      fix: `${configSet(stack, "domain", "NAME")}    # or ${configSetPath(stack, "http.bind", "127.0.0.1")}, or ${configSetPath(stack, "http.allowPlainHttp", "true")}`,
    },
  ];
}

function fromFile(stack: string, path: string): string {
  return configSetFile({ stack, path, file: path === KEY ? "key.pem" : "certificate.pem", secret: path === KEY });
}
