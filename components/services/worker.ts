import type * as pulumi from "@pulumi/pulumi";
import type { Image } from "../docker/images";
import { createContainer, type Service } from "../docker/service";
import type { Site } from "../docker/site";
import { createGate } from "../safety/gate";
import { apiHealthcheck } from "./healthchecks";

/**
 * The queue's consumers. A change stops each once the new api is healthy, with 60 s for the jobs it has in hand, and
 * then starts its successor; meanwhile jobs wait in the queue. After the console, so that no two start at once beside a
 * release that serves. The api image works the queue when no proxy routes to
 * it, and answers the api's healthcheck; an image of its own brings its own healthcheck or none.
 */
export function createWorkers(
  site: Site,
  image: Image,
  network: pulumi.Input<string>,
  env: pulumi.Input<string>[],
  after: pulumi.Resource,
): Service[] {
  const { enabled, replicas } = site.settings.worker;
  const names = enabled ? Array.from({ length: replicas }, (_, index) => `worker-${index + 1}`) : [];
  return names.map((name) => createWorker(site, name, image, network, env, after));
}

function createWorker(
  site: Site,
  name: string,
  image: Image,
  network: pulumi.Input<string>,
  env: pulumi.Input<string>[],
  after: pulumi.Resource,
): Service {
  const { images, resources, version } = site.settings;
  const healthcheck = images.worker === undefined ? apiHealthcheck : undefined;
  const container = createContainer(
    site,
    name,
    {
      role: "worker",
      image: image.id,
      version: version.tag,
      replacement: "after",
      network,
      env,
      ...(healthcheck && { healthcheck }),
      graceSeconds: 60,
      limits: resources.worker,
    },
    { dependsOn: [after] },
  );
  return { container, ready: createGate(site, "worker", name, container, healthcheck, "stop") };
}
