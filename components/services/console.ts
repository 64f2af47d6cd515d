import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { consoleHealthcheck } from "../host/docker/healthchecks";
import { UPSTREAM_PORTS } from "../release/names";
import { Component } from "../resources/component";
import { createGate } from "../resources/gate";
import type { Image } from "../resources/images";
import type { Networks } from "../resources/networks";
import { createContainer, type Service } from "../resources/service";
import type { Site } from "../resources/site";

interface ConsoleArgs {
  readonly image: Image;
  readonly networks: Networks;
  /** The gate of the api of the same release. */
  readonly after: pulumi.Resource;
}

/**
 * The web console. A change starts a new container beside the old one, which serves until the cutover. The console
 * sends its requests to the api through Caddy, which has the network alias `api`, so that they are held and retried,
 * too.
 */
export class Console extends Component implements Service {
  public readonly container: docker.Container;
  public readonly healthcheck = consoleHealthcheck;
  public readonly ready: pulumi.Resource;

  public constructor(site: Site, { image, networks, after }: ConsoleArgs) {
    super("Console", "console", site);
    const { resources, version } = site.settings;
    this.container = createContainer(this.inside, {
      role: "console",
      image: image.id,
      version: version.tag,
      replacement: "beside",
      networks: [{ name: networks.front }],
      env: [
        "HOSTNAME=0.0.0.0", // Next.js listens on this name, and Docker sets it to the container's id
        "NODE_ENV=production",
        `PORT=${UPSTREAM_PORTS.console}`,
        `INTERNAL_API_URL=http://api:${UPSTREAM_PORTS.api}`,
      ],
      healthcheck: consoleHealthcheck,
      graceSeconds: 15,
      readOnly: resources.console.readOnly,
      limits: resources.console,
      after: [after],
    });
    this.ready = createGate(this.inside, {
      role: "console",
      container: this.container,
      healthcheck: consoleHealthcheck,
      whenRefused: "stop",
      release: version.tag,
    });
    this.registerOutputs();
  }
}
