import { createHmac, timingSafeEqual } from "node:crypto";

/** Where a stack's database has the key in its environment: a person who may only write among the backups cannot read it. */
export const KEY_VARIABLE = "NESTFLEET_BACKUP_KEY";

/** Gives the manifest with the signature that belongs to the key; without a key, with none. */
export function signed(manifest: object, key: string | undefined): object {
  return { ...manifest, signature: key === undefined ? undefined : signatureOf(manifest, key) };
}

/** Whether a manifest, as it was read and with every field that it has, was signed with the key. */
export function isSigned(manifest: object, key: string): boolean {
  const { signature } = manifest as { readonly signature?: unknown };
  if (typeof signature !== "string") return false;
  const [found, expected] = [Buffer.from(signature), Buffer.from(signatureOf(manifest, key))];
  return found.length === expected.length && timingSafeEqual(found, expected);
}

/** Of all that it says but the signature itself, however it is laid out. */
function signatureOf(manifest: object, key: string): string {
  const content = JSON.stringify({ ...manifest, signature: undefined });
  return createHmac("sha256", key).update(content).digest("hex");
}
