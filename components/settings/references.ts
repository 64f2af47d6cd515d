import { z } from "zod";
import { field, text } from "./field";

const HOST = String.raw`(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d{1,5})?/)?`;
const PATH = String.raw`[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*`;
const TAG = String.raw`:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`;
const HASH = String.raw`sha256:[0-9a-f]{64}`;
const DIGEST = `@${HASH}`;

const REPOSITORY = new RegExp(`^${HOST}${PATH}$`);
const REFERENCE = new RegExp(`^${HOST}${PATH}(?:${TAG})?(?:${DIGEST})?$`);
const TAGGED = new RegExp(`(?:${TAG}|${DIGEST})$`);

/** The repository of an image that is released with NestFleet: the tag is `nestfleet:version`. */
export function imageRepository(example: string) {
  return text(REPOSITORY, "an image repository without a tag; the tag is nestfleet:version", example);
}

/** An image with versions of its own: repository and tag, or digest. */
export function imageReference(example: string) {
  return field(z.string().regex(REFERENCE).regex(TAGGED), "an image with its tag or digest", example);
}

/** The digest of an image in registries, or its id on a Docker host where it comes from no registry. */
export function imageDigest() {
  return text(
    new RegExp(`^${HASH}$`),
    "the digest of an image, sha256: and 64 hexadecimal digits in lower case",
    "sha256:…",
  );
}

const GIT_SOURCE =
  /^(?!-)(?:https:\/\/(?![^/]*@)[^\s?#]+|ssh:\/\/(?![^/]*:[^/]*@)[^\s?#]+|(?:file:\/\/|git@[^\s:]+:|\/|\.{1,2}\/)[^\s]+)$/;

/**
 * A Git repository: URL or path; an empty text means none. A leading dash would be an option of git, and credentials in
 * a URL would be written into the state in plain text.
 */
export function gitSource() {
  return field(
    z.union([z.literal("").transform(() => undefined), z.string().regex(GIT_SOURCE)]),
    "a Git URL (https://, ssh://, git@host:path; without password and query) or a path to a repository; credentials belong in Git's credential helper",
    "https://github.com/nestfleet/nestfleet.git",
  );
}
