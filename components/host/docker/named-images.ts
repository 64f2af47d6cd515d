import type { DockerClient } from "./client";
import type { ImageReferences } from "../../release/images";
import { isReleased, ROLES } from "../../release/names";
import { unlessDockerFails } from "./errors";
import type { HostFacts, RunningContainer } from "../../release/facts";
import { imageDigests } from "./image-digests";
import type { ImageInspection } from "../target";

type NamedImages = NonNullable<HostFacts["images"]>;

/** Gives the images that the names in the config mean on the Docker host now. */
export function namedImages(
  references: ImageReferences,
  fetched: ReadonlyMap<string, ImageInspection | string>,
): NamedImages {
  const named = ROLES.flatMap((role) => {
    const image = fetched.get(references[role]);
    if (image === undefined || typeof image === "string") return [];
    return [
      [
        role,
        { id: image.Id, digests: image.RepoDigests ?? [], created: image.Created, user: image.Config.User },
      ] as const,
    ];
  });
  return Object.fromEntries(named);
}

/** Gives the registry digests, by id, of the images that run and that the config does not name. */
export async function digestsRunning(
  docker: DockerClient,
  containers: readonly RunningContainer[],
  named: NamedImages,
): Promise<Record<string, string[]>> {
  const others = containers.filter(({ role, running, imageId }) => {
    const image = isReleased(role) ? named[role] : undefined;
    return running && image !== undefined && image.id !== imageId;
  });
  return unlessDockerFails(
    imageDigests(
      docker,
      others.map(({ imageId }) => imageId),
    ),
    {},
  );
}
