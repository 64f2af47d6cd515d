import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { digestIn } from "../release/records/image-identity";
import { type ImageReferences, imageReferences } from "../release/images";
import { Component } from "./component";
import { runScript } from "./script";
import { onDocker, type Site } from "./site";

/** An image that is on the Docker host. */
export interface Image {
  /** The content address (`sha256:…`). Containers are made from it, so a moved tag cannot change them unnoticed. */
  readonly id: pulumi.Output<string>;
  /** `repository@sha256:…` if the image came from a registry, else its content address. */
  readonly digest: pulumi.Output<string>;
  /** The resource that is done once the image is there. */
  readonly brought: pulumi.Resource;
}

/**
 * Brings every image of the release to the Docker host before a running container is touched. A mistyped tag or a
 * registry that is down stops the update here.
 */
export class Images extends Component implements Record<keyof ImageReferences, Image> {
  public readonly api: Image;
  /** The api's image, unless the worker has its own. */
  public readonly worker: Image;
  public readonly console: Image;
  public readonly postgres: Image;
  public readonly caddy: Image;

  public constructor(site: Site) {
    super("Images", "images", site);
    const references = imageReferences(site.settings, site.stack);
    const { source } = site.settings;
    if (source === undefined) {
      this.api = this.pull("api", references.api);
      this.console = this.pull("console", references.console);
    } else {
      this.api = this.build("api", { source, context: ".", reference: references.api });
      this.console = this.build("console", { source, context: "console", reference: references.console });
    }
    this.worker = references.worker === references.api ? this.api : this.pull("worker", references.worker);
    this.postgres = this.pull("postgres", references.postgres);
    this.caddy = this.pull("caddy", references.caddy);
    this.registerOutputs();
  }

  /** The resources that are done once every image is there. */
  public get brought(): pulumi.Resource[] {
    return Object.values(this.byRole()).map(({ brought }) => brought);
  }

  /** The digest of the image behind each service. */
  public get digests(): Record<string, pulumi.Output<string>> {
    return Object.fromEntries(Object.entries(this.byRole()).map(([role, { digest }]) => [role, digest]));
  }

  private byRole(): Record<keyof ImageReferences, Image> {
    const { api, worker, console, postgres, caddy } = this;
    return { api, worker, console, postgres, caddy };
  }

  /** `keepLocally`: the image of the previous version stays on the Docker host, because a rollback needs it. */
  private pull(role: string, reference: string): Image {
    const { inside } = this;
    const args = { name: reference, keepLocally: true };
    const image = new docker.RemoteImage(`${inside.name}-${role}`, args, onDocker(inside));
    return { id: image.imageId, digest: digestOf(reference, image), brought: image };
  }

  /** Builds the source at the release's tag. A failed build stops the update before a running container is touched. */
  private build(
    role: string,
    { source, context, reference }: { source: string; context: string; reference: string },
  ): Image {
    const { version, dockerHost } = this.inside.settings;
    const command = runScript(this.inside, {
      name: `${role}-build`,
      script: "build-image",
      input: { dockerHost, source, tag: `v${version.tag}`, context, image: reference },
    });
    const id = command.stdout.apply((stdout) => stdout.trim());
    return { id, digest: id, brought: command };
  }
}

function digestOf(reference: string, { repoDigest, imageId }: docker.RemoteImage): pulumi.Output<string> {
  return pulumi.all([repoDigest, imageId]).apply(([digest, id]) => digestIn(reference, digest, id));
}
