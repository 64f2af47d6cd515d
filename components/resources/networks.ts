import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { ISOLATED } from "../host/docker/isolation";
import { namesOf } from "../release/names";
import { Component } from "./component";
import { onDocker, type Site } from "./site";

/** The properties that the provider reads back, and that the program does not set, or sets only in a new network. */
const OF_THE_ENGINE = ["ipv6", "options", "ipamConfigs", "ipamOptions", "internal", "attachable", "ingress"];

/**
 * The networks of a stack, by name. There are two, because the console and the proxy, which receive requests from the
 * internet, need no connection to the database, and the database needs none to the internet.
 *
 * The names end in a random suffix. If a run is killed after Docker has made a network and before the state has it, an
 * unused network is left, and its name does not block the next run. The networks have no labels, because a changed
 * label would replace the network, which disconnects every container. The same would follow from what Docker's
 * daemon.json adds (`default-network-opts`, IPv6), and from a newer Docker that reports more properties: hence
 * `ignoreChanges`.
 */
export class Networks extends Component {
  /** The network of caddy, console, api and worker, which can reach the internet. */
  public readonly front: pulumi.Output<string>;
  /** The network of postgres, api and worker. It has no route to other networks; console and caddy are not on it. */
  public readonly back: pulumi.Output<string>;

  public constructor(site: Site) {
    super("Networks", "networks", site);
    const { front, back } = namesOf(site.stack).networks;
    this.front = this.create(front, {});
    const isolated = site.plan.isolates ? { options: { ...ISOLATED } } : {};
    this.back = this.create(back, { internal: true, ...isolated });
    this.registerOutputs();
  }

  private create(name: string, args: docker.NetworkArgs): pulumi.Output<string> {
    const options = { ...onDocker(this.inside), ignoreChanges: OF_THE_ENGINE };
    return new docker.Network(name, { driver: "bridge", ...args }, options).name;
  }
}
