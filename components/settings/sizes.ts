import { z } from "zod";
import { field } from "./field";

const SIZE = /^(\d+)\s?(m|mb|mib|g|gb|gib)$/i;

/**
 * The megabytes (1024 × 1024 bytes) in a size such as `512MB` or `2g`. `1.5GB` is refused, because Docker counts whole
 * megabytes.
 */
function megabytes(size: string): number | undefined {
  const [, amount, unit] = SIZE.exec(size.trim()) ?? [];
  return unit === undefined ? undefined : Number(amount) * (unit.toLowerCase().startsWith("g") ? 1024 : 1);
}

/** A memory limit, kept in MB as the Docker provider counts it. Changing one replaces the container it belongs to. */
export function memory() {
  return field(whole(32, 4_194_304), "a whole size from 32MB to 4096GB, such as 512MB or 2GB", "512MB");
}

/** The size of the largest request that Caddy forwards, in MB. A change reloads Caddy. */
export function bodySize() {
  return field(whole(1, 1_048_576), "a whole size from 1MB to 1024GB, such as 50MB", "50MB");
}

function whole(least: number, most: number) {
  return z
    .string()
    .transform((size) => megabytes(size) ?? 0)
    .pipe(z.number().min(least).max(most));
}

/** PostgreSQL's `shared_buffers`, passed on as written; PostgreSQL wants upper-case units and no space. */
export function sharedBuffers() {
  const inner = z.string().regex(/^[1-9]\d{0,6}(?:kB|MB|GB)$/);
  return field(inner, "a size as PostgreSQL writes it, such as 256MB or 2GB", "256MB");
}
