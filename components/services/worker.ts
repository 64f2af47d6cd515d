import type * as pulumi from "@pulumi/pulumi";
import type { Image } from "../resources/images";
import type { Networks } from "../resources/network";
import { createContainer, type Service } from "../resources/service";
import type { Site } from "../resources/site";
import { createGate } from "../resources/gate";
import { apiHealthcheck } from "../host/docker/healthchecks";

/**
 * The queue's consumers. A change starts each beside the old one, once the new release has the requests: one that is
 * refused before has had no worker. Both take jobs until the verdict, which stops the old one with 60 s for those that
 * it has in hand. The api image works the queue, also where it is the api, and answers the api's healthcheck; an image
 * of its own brings its own healthcheck or none.
 */
export function createWorkers(
  site: Site,
  image: Image,
  networks: Networks,
  env: pulumi.Input<string>[],
  after: pulumi.Resource,
): Service[] {
  const { enabled, replicas } = site.settings.worker;
  const names = enabled ? Array.from({ length: replicas }, (_, index) => `worker-${index + 1}`) : [];
  return names.map((name) => createWorker(site, name, image, networks, env, after));
}

function createWorker(
  site: Site,
  name: string,
  image: Image,
  networks: Networks,
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
      replacement: "beside",
      networks: [{ name: networks.front }, { name: networks.back }],
      env,
      ...(healthcheck && { healthcheck }),
      graceSeconds: 60,
      readOnly: resources.worker.readOnly,
      limits: resources.worker,
    },
    { dependsOn: [after] },
  );
  return { container, ready: createGate(site, "worker", name, container, healthcheck, "stop") };
}
