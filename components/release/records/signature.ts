import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * The variable of the database's container that has the stack's key. Write access to the backups alone does not show
 * the key.
 */
export const KEY_VARIABLE = "NESTFLEET_BACKUP_KEY";

/** Gives the manifest with its signature by the key; without a key, gives it without a signature. */
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

/** The signature of every field except the signature itself, whatever the layout of the file. */
function signatureOf(manifest: object, key: string): string {
  const content = JSON.stringify({ ...manifest, signature: undefined });
  return createHmac("sha256", key).update(content).digest("hex");
}
