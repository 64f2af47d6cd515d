import { X509Certificate } from "node:crypto";

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** The certificates of a checked PEM text, in its order. */
export function chainOf(pem: string): X509Certificate[] {
  return blocksOf(pem).flatMap((block) => parsed(block) ?? []);
}

/** Whole days until the certificate expires; negative afterwards. */
export function daysLeft(certificate: X509Certificate, now: number): number {
  return Math.floor((Date.parse(certificate.validTo) - now) / 86_400_000);
}

/** The certificates in a PEM text, as PEM. */
export function blocksOf(text: string): string[] {
  return text.replaceAll("\r\n", "\n").match(BLOCK) ?? [];
}

/** Undefined when the block is not a certificate. */
export function parsed(block: string): X509Certificate | undefined {
  try {
    return new X509Certificate(block);
  } catch {
    return undefined;
  }
}
