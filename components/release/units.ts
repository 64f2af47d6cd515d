const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** A size for people, in two or three figures and powers of 1000: `290 MB`, `1.3 GB`, `53 GB`. */
export function size(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(Math.round(bytes)) / 3));
  const figures = Number((bytes / 1000 ** power).toPrecision(2));
  // 999.6 MB is rounded to 1000.
  return figures >= 1000 && power < UNITS.length - 1
    ? `1 ${UNITS[power + 1] ?? ""}`
    : `${figures} ${UNITS[power] ?? ""}`;
}

/** A duration for people: `5 s`, `3 min`, `2 h`. */
export function duration(seconds: number): string {
  if (seconds < 100) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 100 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** The twelve digits of an image's id that Docker shows. */
export function shortId(imageId: string): string {
  return imageId.replace(/^sha256:/, "").slice(0, 12);
}
