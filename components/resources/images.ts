import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { digestIn } from "../release/records/image-identity";
import { type ImageReferences, imageReferences } from "../release/images";
import { runScript } from "./script";
import { placed, type Site } from "./site";

/** An image that is on the Docker host. */
export interface Image {
  /** Content address (`sha256:…`): what containers are made of, so that a moved tag cannot change one unseen. */
  readonly id: pulumi.Output<string>;
  /** `repository@sha256:…` where the image came from a registry, else its content address. */
  readonly digest: pulumi.Output<string>;
  /** What is done once the image is there. */
  readonly brought: pulumi.Resource;
}

export type Images = Record<keyof ImageReferences, Image>;

/**
 * Brings every image of the release to the Docker host, before anything that runs is touched: a mistyped tag or a
 * registry that is down stops the update here.
 */
export function bringImages(site: Site): Images {
  const references = imageReferences(site.settings, site.stack);
  const { source } = site.settings;
  const api =
    source === undefined ? pull(site, "api", references.api) : build(site, source, "api", references.api, ".");
  const console =
    source === undefined
      ? pull(site, "console", references.console)
      : build(site, source, "console", references.console, "console");
  return {
    api,
    worker: references.worker === references.api ? api : pull(site, "worker", references.worker),
    console,
    postgres: pull(site, "postgres", references.postgres),
    caddy: pull(site, "caddy", references.caddy),
  };
}

/** `keepLocally`: the image of the version before stays on the host, a rollback needs it. */
function pull(site: Site, role: string, reference: string): Image {
  const image = new docker.RemoteImage(`${site.name}-${role}`, { name: reference, keepLocally: true }, placed(site));
  return { id: image.imageId, digest: digestOf(reference, image), brought: image };
}

/** Builds at the release's tag; a build that fails stops the update before anything that runs is touched. */
function build(site: Site, source: string, role: string, reference: string, context: string): Image {
  const { version, dockerHost } = site.settings;
  const command = runScript(site, {
    name: `${role}-build`,
    script: "build-image",
    input: { dockerHost, source, tag: `v${version.tag}`, context, image: reference },
  });
  const id = command.stdout.apply((stdout) => stdout.trim());
  return { id, digest: id, brought: command };
}

function digestOf(reference: string, { repoDigest, imageId }: docker.RemoteImage): pulumi.Output<string> {
  return pulumi.all([repoDigest, imageId]).apply(([digest, id]) => digestIn(reference, digest, id));
}
