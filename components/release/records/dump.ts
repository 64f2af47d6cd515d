import type { BackupManifest } from "./manifest";

type Written = Pick<BackupManifest, "bytes" | "sha256">;

/**
 * Says why a dump is not what its manifest describes, as far as its size shows it; undefined when the size is right.
 * The size is undefined where there is no dump. It is compared first, because that needs no reading.
 */
export function sizeFault({ bytes }: Pick<Written, "bytes">, found: number | undefined): string | undefined {
  if (found === undefined) return "its dump is missing";
  return found === bytes ? undefined : `its dump has ${found} bytes instead of ${bytes}`;
}

/**
 * Says why a dump is not, byte for byte, what its manifest describes. The checksum is undefined where a read failed.
 */
export function dumpFault(
  written: Written,
  found: { readonly bytes: number | undefined; readonly sha256: string | undefined },
): string | undefined {
  const size = sizeFault(written, found.bytes);
  if (size !== undefined) return size;
  if (found.sha256 === undefined) return "its dump cannot be read to its end";
  return found.sha256 === written.sha256
    ? undefined
    : `its dump is damaged: the sha256 is ${found.sha256} instead of ${written.sha256}`;
}
