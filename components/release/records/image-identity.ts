import { z } from "zod";

/** Image ids by role. They are read from files and comments and passed to commands, so none may look like an option. */
export const imageIds = z.record(z.string().regex(/^[a-z]+$/), z.string().regex(/^[A-Za-z0-9][\w.:@/-]*$/));

/** An image as one Docker host knows it. */
export interface ImageIdentity {
  /** Digest of its configuration, or, in the image store of newer versions of Docker, of its manifest. */
  readonly id: string;
  /**
   * `repository@sha256:…`, of the manifest in each registry that it was pulled from or pushed to; there may be none.
   */
  readonly digests: readonly string[];
}

/**
 * Two images are the same when their content is, whatever store and repository they are in: the id on one Docker host
 * may be the digest on another. Where one image has no digest, only equal ids show that two images are the same.
 */
export function isSameImage(one: ImageIdentity, other: ImageIdentity): boolean {
  const known = new Set(hashesOf(one));
  return hashesOf(other).some((hash) => known.has(hash));
}

/**
 * Whether a pin names this image. A pin is the image's hash in registries, or its id where it comes from no registry.
 */
export function isPinned(pin: string, image: ImageIdentity): boolean {
  return isSameImage({ id: pin, digests: [] }, image);
}

/** `repository@sha256:…` of the given repository, or the id where the image is not known to be in that repository. */
export function digestIn(reference: string, digest: string | undefined, id: string): string {
  if (!digest) return id;
  const repository = repositoryOf(reference);
  if (repositoryOf(digest) === repository) return digest;
  // Where the id is the manifest's digest, it is the same in each repository.
  return hashOf(digest) === id ? `${repository}@${id}` : id;
}

/** Of an image's digests, the one of the given repository; else another, which has the same content. */
export function preferredDigest(reference: string, digests: readonly string[]): string | undefined {
  return digests.find((digest) => repositoryOf(digest) === repositoryOf(reference)) ?? digests[0];
}

/** The hash by which an image is pinned: its hash in registries, or its id where no registry is known to have it. */
export function hashIn(reference: string, { id, digests }: ImageIdentity): string {
  return hashOf(preferredDigest(reference, digests) ?? id);
}

/** The repository without tag and digest, as Docker shows it: Docker Hub and its namespace `library` are left out. */
export function repositoryOf(reference: string): string {
  const [name = ""] = reference.split("@");
  return name.replace(/:[^:/]*$/, "").replace(/^(?:index\.)?docker\.io\/(?:library\/)?/, "");
}

function hashesOf({ id, digests }: ImageIdentity): string[] {
  return [id, ...digests.map(hashOf)];
}

function hashOf(digest: string): string {
  return digest.slice(digest.indexOf("@") + 1);
}
