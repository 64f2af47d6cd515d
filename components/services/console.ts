import type * as pulumi from "@pulumi/pulumi";
import type { Image } from "../resources/images";
import type { Networks } from "../resources/network";
import { createContainer, type Service } from "../resources/service";
import type { Site } from "../resources/site";
import { createGate } from "../resources/gate";
import { consoleHealthcheck } from "../host/docker/healthchecks";
import { UPSTREAM_PORTS } from "../release/names";

/**
 * The web console. A change starts a new container beside the old one, which serves until the cutover. It asks
 * the api through Caddy, which answers to the name `api`: so its requests, too, are held and retried.
 */
export function createConsole(site: Site, image: Image, networks: Networks, api: pulumi.Resource): Service {
  const container = createContainer(
    site,
    "console",
    {
      role: "console",
      image: image.id,
      version: site.settings.version.tag,
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
      readOnly: site.settings.resources.console.readOnly,
      limits: site.settings.resources.console,
    },
    { dependsOn: [api] },
  );
  return {
    container,
    healthcheck: consoleHealthcheck,
    ready: createGate(site, "console", "console", container, consoleHealthcheck, "stop"),
  };
}
