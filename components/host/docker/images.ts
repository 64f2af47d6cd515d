import type { DockerClient } from "./client";
import { imageDigests } from "./image-digests";
import { pulumi } from "../../release/commands";
import { type ImageIdentity, isSameImage } from "../../release/records/image-identity";
import type { BackupManifest } from "../../release/records/manifest";
import { lines } from "../database/database";

/** Gives the registry digests of the images of a stack, by role. */
export async function digestsOf(
  docker: DockerClient,
  images: Readonly<Record<string, string>>,
): Promise<Record<string, string[]>> {
  const byId = await imageDigests(docker, Object.values(images));
  return Object.fromEntries(Object.entries(images).map(([role, id]) => [role, byId[id] ?? []]));
}

/** Gives the id that an image has on the Docker host; undefined when it is not there. */
export async function findImage(docker: DockerClient, wanted: ImageIdentity): Promise<string | undefined> {
  if ((await docker.inspect(wanted.id, "image")) !== undefined) return wanted.id;
  if (wanted.digests.length === 0) return undefined;
  const listed = await docker.run(["image", "ls", "--digests", "--no-trunc", "--format", "{{.ID}} {{.Digest}}"]);
  const known = lines(listed).map((line) => line.split(" "));
  return known.find(([id = "", digest = ""]) => isSameImage(wanted, { id, digests: [digest] }))?.[0];
}

/** Gives the image that a role had in the release of a backup. */
export function identityIn(
  { images, digests = {} }: Pick<BackupManifest, "images" | "digests">,
  role: string,
): ImageIdentity | undefined {
  const id = images[role];
  return id === undefined ? undefined : { id, digests: digests[role] ?? [] };
}

/** Says how to bring a missing image to the Docker host. */
export function howToGet({ digests: [digest] }: ImageIdentity): string {
  return digest === undefined
    ? `pull or load it, with the Docker Engine and image store that the backup was taken on; or restore with ${pulumi("up")}, which uses the image that the release's tag names`
    : `docker pull ${digest}`;
}
