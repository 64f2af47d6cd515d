import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { field } from "./field";

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** One certificate or several, as PEM; what stands between them is left out. */
export function certificates(rule: string) {
  return field(
    z.string().transform((text, context) => {
      const blocks = blocksOf(text);
      if (blocks.length > 0 && blocks.every((block) => parsed(block) !== undefined)) return `${blocks.join("\n")}\n`;
      context.issues.push({ code: "custom", input: "", message: "no certificate" });
      return z.NEVER;
    }),
    rule,
    "",
  );
}

/** Those of a PEM text that was checked, in its order. */
export function chainOf(pem: string): X509Certificate[] {
  return blocksOf(pem).flatMap((block) => parsed(block) ?? []);
}

/** Whole days until the certificate expires; negative afterwards. */
export function daysLeft(certificate: X509Certificate, now: number): number {
  return Math.floor((Date.parse(certificate.validTo) - now) / 86_400_000);
}

function blocksOf(text: string): string[] {
  return text.replaceAll("\r\n", "\n").match(BLOCK) ?? [];
}

function parsed(block: string): X509Certificate | undefined {
  try {
    return new X509Certificate(block);
  } catch {
    return undefined;
  }
}
