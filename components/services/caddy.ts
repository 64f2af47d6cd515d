import type * as docker from "@pulumi/docker";
import type { Image } from "../resources/images";
import { runScript } from "../resources/script";
import type { Networks } from "../resources/network";
import { createContainer, type Service } from "../resources/service";
import { type Healthcheck } from "../host/docker/healthchecks";
import type { Site } from "../resources/site";
import { createGate } from "../resources/gate";
import * as pulumi from "@pulumi/pulumi";
import { caddyfile } from "./caddyfile";
import { ENTRANCE, entranceOf, proxyFiles, PROXY_FILES, tlsOf } from "../host/routing/entrance";

const CONFIG = "/config/Caddyfile";

/** The admin endpoint listens inside the container only; it answers once the configuration is in force. */
const healthcheck: Healthcheck = {
  test: ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:2019/config/"],
  intervalSeconds: 10,
  startSeconds: 30,
};

/**
 * The proxy, the only service with published ports. A changed Caddyfile is checked, written to the config volume and
 * reloaded, without a dropped connection. A changed image, port or limit replaces the container: ports cannot be shared,
 * so connections are refused for the second or two in between.
 */
export function createCaddy(
  site: Site,
  image: Image,
  networks: Networks,
  volumes: { data: pulumi.Input<string>; config: pulumi.Input<string> },
  upstreams: readonly Service[],
): Service {
  const { dockerHost, http, images, resources } = site.settings;
  const publish = publisher(site.plan.bind);
  const fixedName = `${site.name}-caddy`;
  const configuration = runScript(site, {
    name: "caddyfile",
    script: "caddyfile",
    input: {
      dockerHost,
      container: fixedName,
      image: image.id,
      volume: volumes.config,
      path: CONFIG,
      caddyfile: caddyfile(site.settings),
      folder: PROXY_FILES,
      files: filesOf(site),
    },
    dependsOn: upstreams.map(({ ready }) => ready),
  });
  const container = createContainer(
    site,
    "caddy",
    {
      role: "caddy",
      image: image.id,
      version: images.caddy,
      replacement: "after",
      fixedName,
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
    },
    { dependsOn: [configuration] },
  );
  return { container, ready: createGate(site, "caddy", "caddy", container, healthcheck, "leave") };
}

/** What the Caddyfile names, and what scripts want to know; a secret among it makes the whole input one. */
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
