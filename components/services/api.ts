import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { apiHealthcheck } from "../host/docker/healthchecks";
import { Component } from "../resources/component";
import { createGate } from "../resources/gate";
import type { Image } from "../resources/images";
import type { Networks } from "../resources/networks";
import { createContainer, type Service } from "../resources/service";
import type { Site } from "../resources/site";

interface ApiArgs {
  readonly image: Image;
  readonly networks: Networks;
  /** The application's environment. */
  readonly env: pulumi.Input<string>[];
  /** Backup, rehearsal and, if the two releases cannot run side by side, the stop of the old one. */
  readonly after: pulumi.Resource;
  /** How long the migrations took on the copy: the api may take as long before it answers. */
  readonly migrationSeconds: pulumi.Input<number>;
}

/**
 * The api. A change starts a new container beside the old one, which serves until the cutover. The new container runs
 * the pending migrations before it listens. It has no network alias: Caddy finds it by its name, which the upstream
 * file has.
 */
export class Api extends Component implements Service {
  public readonly container: docker.Container;
  public readonly healthcheck = apiHealthcheck;
  public readonly ready: pulumi.Resource;

  public constructor(site: Site, { image, networks, env, after, migrationSeconds }: ApiArgs) {
    super("Api", "api", site);
    const { resources, version } = site.settings;
    this.container = createContainer(this.inside, {
      role: "api",
      image: image.id,
      version: version.tag,
      replacement: "beside",
      networks: [{ name: networks.front }, { name: networks.back }],
      env,
      healthcheck: apiHealthcheck,
      graceSeconds: 30,
      readOnly: resources.api.readOnly,
      limits: resources.api,
      after: [after],
    });
    this.ready = createGate(this.inside, {
      role: "api",
      container: this.container,
      healthcheck: apiHealthcheck,
      whenRefused: "stop",
      release: version.tag,
      migrationSeconds,
    });
    this.registerOutputs();
  }
}
