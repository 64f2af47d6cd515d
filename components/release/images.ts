import type { Settings } from "../settings/schema";

/** The image of each service, by name. */
export interface ImageReferences {
  readonly api: string;
  readonly worker: string;
  readonly console: string;
  readonly postgres: string;
  readonly caddy: string;
}

/**
 * Which image each service runs. Three follow the release; postgres and caddy have versions of their own. No worker
 * image is published: an api container that no proxy routes to works the queue. Built from source, the images carry
 * the stack's own name and never touch a registry.
 */
export function imageReferences(
  { images, source, version }: Pick<Settings, "images" | "source" | "version">,
  stackName: string,
): ImageReferences {
  const released = (repository: string) => `${repository}:${version.tag}`;
  const { postgres, caddy } = images;
  if (source !== undefined) {
    const api = released(`${stackName}-api`);
    return {
      api,
      worker: images.worker === undefined ? api : released(images.worker),
      console: released(`${stackName}-console`),
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
