import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { type Healthcheck } from "../host/docker/healthchecks";
import { ENTRANCE, entranceOf, proxyFiles, PROXY_FILES, tlsOf } from "../host/routing/entrance";
import { namesOf } from "../release/names";
import { Component } from "../resources/component";
import { createGate } from "../resources/gate";
import type { Image } from "../resources/images";
import type { Networks } from "../resources/networks";
import { runScript } from "../resources/script";
import { createContainer, type Service } from "../resources/service";
import type { Site } from "../resources/site";
import { createVolume } from "../resources/volume";
import { caddyfile } from "./caddyfile";

const CONFIG = "/config/Caddyfile";

/** Asks the admin endpoint, which listens inside the container only, and answers once the configuration is loaded. */
const healthcheck: Healthcheck = {
  test: ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:2019/config/"],
  intervalSeconds: 10,
  startSeconds: 30,
};

interface CaddyArgs {
  readonly image: Image;
  readonly networks: Networks;
  /** The gates of api and console: the configuration may need what only the new containers have. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * The proxy, the only service with published ports. A changed Caddyfile is checked, written to the config volume and
 * reloaded, without a dropped connection. A changed image, port or limit replaces the container. Two containers cannot
 * share a port, so connections are refused for one or two seconds.
 */
export class Caddy extends Component implements Service {
  public readonly container: docker.Container;
  public readonly ready: pulumi.Resource;

  public constructor(site: Site, { image, networks, after }: CaddyArgs) {
    super("Caddy", "caddy", site);
    const { http, images, resources } = site.settings;
    const publish = publisher(site.plan.bind);
    const volumes = {
      data: createVolume(this.inside, "caddy-data").name,
      config: createVolume(this.inside, "caddy-config").name,
    };
    const configured = this.configure(image, volumes.config, after);
    this.container = createContainer(this.inside, {
      role: "caddy",
      image: image.id,
      version: images.caddy,
      replacement: "after",
      fixedName: namesOf(site.stack).containers.caddy,
      networks: [{ name: networks.front, aliases: ["api"] }],
      command: ["caddy", "run", "--config", CONFIG, "--adapter", "caddyfile"],
      healthcheck,
      mounts: [
        { type: "volume", source: volumes.data, target: "/data" },
        { type: "volume", source: volumes.config, target: "/config" },
      ],
      ports: [...publish(80, http.httpPort), ...(tlsOf(site.settings) === "off" ? [] : publish(443, http.httpsPort))],
      capabilities: ["NET_BIND_SERVICE"],
      graceSeconds: 35,
      readOnly: resources.caddy.readOnly,
      asBefore: site.plan.keepsProxy,
      limits: resources.caddy,
      after: [configured],
    });
    this.ready = createGate(this.inside, {
      role: "caddy",
      container: this.container,
      healthcheck,
      whenRefused: "leave",
    });
    this.registerOutputs();
  }

  private configure(image: Image, volume: pulumi.Output<string>, after: readonly pulumi.Resource[]): pulumi.Resource {
    const { settings } = this.inside;
    return runScript(this.inside, {
      name: "caddyfile",
      script: "caddyfile",
      input: {
        dockerHost: settings.dockerHost,
        container: namesOf(this.inside.stack).containers.caddy,
        image: image.id,
        volume,
        path: CONFIG,
        caddyfile: caddyfile(settings),
        folder: PROXY_FILES,
        files: filesOf(this.inside),
      },
      dependsOn: [...after],
    });
  }
}

/** The files that the Caddyfile names, and the one that scripts read. A secret file makes the whole input a secret. */
function filesOf({ settings }: Site): pulumi.Input<{ path: string; content: pulumi.Input<string> }>[] {
  const named = Object.values(proxyFiles(settings)).flatMap((file) => file ?? []);
  return [
    ...named.map(({ path, content, secret }) => ({ path, content: secret ? pulumi.secret(content) : content })),
    { path: ENTRANCE, content: JSON.stringify(entranceOf(settings)) },
  ];
}

function publisher(bind: readonly string[]) {
  return (internal: number, external: number): docker.types.input.ContainerPort[] =>
    bind.map((ip) => ({ internal, external, ip, protocol: "tcp" }));
}
