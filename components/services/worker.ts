import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { apiHealthcheck, type Healthcheck } from "../host/docker/healthchecks";
import { Component } from "../resources/component";
import { createGate } from "../resources/gate";
import type { Image } from "../resources/images";
import type { Networks } from "../resources/networks";
import { createContainer, type Service } from "../resources/service";
import type { Site } from "../resources/site";

interface WorkerArgs {
  readonly image: Image;
  readonly networks: Networks;
  /** The application's environment. */
  readonly env: pulumi.Input<string>[];
  /** The cutover: a release that is rejected before it never has a worker. */
  readonly after: pulumi.Resource;
}

/** Makes as many workers as the configuration asks for; none if workers are not enabled. */
export function createWorkers(site: Site, args: WorkerArgs): Worker[] {
  const { enabled, replicas } = site.settings.worker;
  return Array.from({ length: enabled ? replicas : 0 }, (_, index) => new Worker(`worker-${index + 1}`, site, args));
}

/**
 * A worker, which takes jobs from the queue. A change starts a new container beside the old one, after the cutover.
 * Both take jobs until the verdict, which stops the old one and gives it 60 s for the jobs that it is working on. The
 * api image works the queue also when it runs as the api, and passes the api's healthcheck. An own image of the worker
 * has its own healthcheck or none.
 */
class Worker extends Component implements Service {
  public readonly container: docker.Container;
  public readonly healthcheck: Healthcheck | undefined;
  public readonly ready: pulumi.Resource;

  public constructor(name: string, site: Site, { image, networks, env, after }: WorkerArgs) {
    super("Worker", name, site);
    const { images, resources, version } = site.settings;
    this.healthcheck = images.worker === undefined ? apiHealthcheck : undefined;
    this.container = createContainer(this.inside, {
      role: "worker",
      name,
      image: image.id,
      version: version.tag,
      replacement: "beside",
      networks: [{ name: networks.front }, { name: networks.back }],
      env,
      ...(this.healthcheck && { healthcheck: this.healthcheck }),
      graceSeconds: 60,
      readOnly: resources.worker.readOnly,
      limits: resources.worker,
      after: [after],
    });
    this.ready = createGate(this.inside, {
      role: "worker",
      name,
      container: this.container,
      healthcheck: this.healthcheck,
      whenRefused: "stop",
      release: version.tag,
    });
    this.registerOutputs();
  }
}
