const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

/** A size for people; where it decides something, the bytes are told too. */
export function readable(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return power === 0 ? `${bytes} bytes` : `${(bytes / 1000 ** power).toFixed(1)} ${UNITS[power] ?? ""}`;
}
