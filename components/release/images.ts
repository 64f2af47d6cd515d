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

/** Digests of the release's images: what their tags must name. Without `images.worker` the worker's is the api's. */
export type Pins = Readonly<Partial<Record<ReleasedRole, string | undefined>>>;

/**
 * Which image each service runs. Three follow the release; postgres and caddy have versions of their own. No worker
 * image is published: an api container that no proxy routes to works the queue. Built from source, the images carry
 * the stack's own name and never touch a registry.
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
