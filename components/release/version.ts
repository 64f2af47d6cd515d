import semver from "semver";

/** A release as an operator names it: the image tag, and the semantic version when the tag is a version number. */
export interface Version {
  readonly tag: string;
  /** Set when the tag is a semantic version: only then can the application's own answer be compared with it. */
  readonly semver?: string;
}

/**
 * Mutable tags, which may name another image tomorrow; a rollback to such a tag would not bring back the image that
 * ran.
 */
const MOVING = /^(latest|main|master|develop|dev|edge|nightly|stable|next)$/i;
/** Docker's own grammar of a tag. */
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** `1.5` or `2`: a number was left out, or YAML made 1.5 of 1.50. */
const SHORTENED = /^v?\d+(\.\d+)?$/;

export const VERSION_RULE =
  "three numbers such as 1.5.0, or an immutable image tag such as sha-1a2b3c4 (at most 128 letters, digits, '.', '_', '-'); " +
  "not a mutable tag (latest, main, …) and not a shortened number (1.5)";

/**
 * Reads what the operator typed; `v1.5.0` and ` 1.5.0 ` mean 1.5.0. Undefined when it breaks VERSION_RULE, which
 * `nestfleet:allowMovingTag` relaxes.
 */
export function parseVersion(text: string, allowMovingTag = false): Version | undefined {
  const asked = text.trim();
  if (!TAG.test(asked) || SHORTENED.test(asked)) return undefined;
  if (MOVING.test(asked) && !allowMovingTag) return undefined;
  const release = semver.parse(asked);
  return release ? { tag: release.version, semver: release.version } : { tag: asked };
}
