import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { isIP } from "node:net";

/** A certificate and its private key, as PEM. */
export interface Identity {
  readonly name: string;
  readonly certificate: string;
  readonly key: string;
}

export interface Wish {
  /** A host name, an IP address, or the name of an authority. */
  readonly name: string;
  readonly authority?: boolean;
  /** The period of validity, in days from now. */
  readonly from?: number;
  readonly until?: number;
}

const DAY_MS = 86_400_000;
let serial = 1;

/** Makes a certificate for a name or an address, signed by an authority that `certified` has made, or by itself. */
export function certified({ name, authority = false, from = -1, until = 90 }: Wish, signer?: Identity): Identity {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signedWith: KeyObject | string = signer?.key ?? privateKey;
  const body = sequence(
    tagged(0xa0, number(2)),
    number(serial++),
    SIGNED_BY,
    named(signer?.name ?? name),
    sequence(moment(from), moment(until)),
    named(name),
    publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(alternative(name), ...(authority ? [AUTHORITY] : []))),
  );
  const signature = createSign("sha256").update(body).sign(signedWith);
  const whole = sequence(body, SIGNED_BY, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return { name, certificate: pem(whole), key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function number(value: number): Buffer {
  return tagged(0x02, Buffer.from([value]));
}

function oid(...bytes: number[]): Buffer {
  return tagged(0x06, Buffer.from(bytes));
}

/** ecdsa-with-SHA256 */
const SIGNED_BY = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
/** Basic constraints: critical, an authority. */
const AUTHORITY = sequence(
  oid(0x55, 0x1d, 0x13),
  tagged(0x01, Buffer.from([0xff])),
  tagged(0x04, sequence(tagged(0x01, Buffer.from([0xff])))),
);

function named(name: string): Buffer {
  return sequence(tagged(0x31, sequence(oid(0x55, 0x04, 0x03), tagged(0x0c, Buffer.from(name)))));
}

function moment(days: number): Buffer {
  const iso = new Date(Date.now() + days * DAY_MS).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return tagged(0x18, Buffer.from(iso));
}

function alternative(name: string): Buffer {
  const value = isIP(name) === 0 ? tagged(0x82, Buffer.from(name)) : tagged(0x87, bytesOf(name));
  return sequence(oid(0x55, 0x1d, 0x11), tagged(0x04, sequence(value)));
}

/** The bytes of an IPv4 address. The tests need no others. */
function bytesOf(address: string): Buffer {
  return Buffer.from(address.split(".").map(Number));
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
