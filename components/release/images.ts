import { namesOf, type ReleasedRole } from "./names";

/** The image of each service, by name. */
export interface ImageReferences {
  readonly api: string;
  readonly worker: string;
  readonly console: string;
  readonly postgres: string;
  readonly caddy: string;
}

/** The part of the settings that says which images run. */
interface ImageSettings {
  readonly images: Omit<ImageReferences, "worker"> & { readonly worker?: string | undefined };
  readonly source?: string | undefined;
  readonly version: { readonly tag: string };
}

/** The digests that the tags of the release's images must name. Without `images.worker` the worker has the api's. */
export type Pins = Readonly<Partial<Record<ReleasedRole, string | undefined>>>;

/**
 * Names the image that each service runs. Three follow the release; postgres and caddy have versions of their own. No
 * worker image is published: an api container to which the proxy does not route works the queue. Images that are built
 * from source carry the stack's name and are in no registry.
 */
export function imageReferences({ images, source, version }: ImageSettings, stack: string): ImageReferences {
  const released = (repository: string) => `${repository}:${version.tag}`;
  const { postgres, caddy } = images;
  if (source !== undefined) {
    const { images: built } = namesOf(stack);
    const api = released(built.api);
    return {
      api,
      worker: images.worker === undefined ? api : released(images.worker),
      console: released(built.console),
      postgres,
      caddy,
    };
  }
  return {
    api: released(images.api),
    worker: released(images.worker ?? images.api),
    console: released(images.console),
    postgres,
    caddy,
  };
}
