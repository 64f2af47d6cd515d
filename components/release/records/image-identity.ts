import { z } from "zod";

/** By role. They come back from files and comments, and are asked for by what they say: nothing may be an option. */
export const imageIds = z.record(z.string().regex(/^[a-z]+$/), z.string().regex(/^[A-Za-z0-9][\w.:@/-]*$/));

/** An image as one engine knows it. */
export interface ImageIdentity {
  /** Digest of its configuration, or, in the image store of newer engines, of its manifest. */
  readonly id: string;
  /** `repository@sha256:…`, of the manifest in each registry that it came from or went to; there may be none. */
  readonly digests: readonly string[];
}

/**
 * Same content is the same image, whatever store and repository it is in: one engine's id may be the other one's
 * digest. Two of which one has no digest cannot be told apart from others unless the ids are equal.
 */
export function isSameImage(one: ImageIdentity, other: ImageIdentity): boolean {
  const known = new Set(hashesOf(one));
  return hashesOf(other).some((hash) => known.has(hash));
}

/** A pin is the hash that registries know the image by, or the id of an engine that got it from none. */
export function isPinned(pin: string, image: ImageIdentity): boolean {
  return isSameImage({ id: pin, digests: [] }, image);
}

/** `repository@sha256:…` of the asked repository, or the id where no registry is known to have the image there. */
export function digestIn(reference: string, digest: string | undefined, id: string): string {
  if (!digest) return id;
  const repository = repositoryOf(reference);
  if (repositoryOf(digest) === repository) return digest;
  // Where the id is the manifest's digest, it is the same one in each repository.
  return hashOf(digest) === id ? `${repository}@${id}` : id;
}

/** Of what registries call an image, the one of the asked repository; else another one, which is of the same content. */
export function preferredDigest(reference: string, digests: readonly string[]): string | undefined {
  return digests.find((digest) => repositoryOf(digest) === repositoryOf(reference)) ?? digests[0];
}

/** What an image is pinned by: the hash that registries call it by, or its id where none is known to have it. */
export function hashIn(reference: string, { id, digests }: ImageIdentity): string {
  return hashOf(preferredDigest(reference, digests) ?? id);
}

/** Without tag and digest, as Docker shows it: the public registry and its own namespace are left out. */
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
