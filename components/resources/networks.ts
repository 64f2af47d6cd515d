import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { ISOLATED } from "../host/docker/isolation";
import { namesOf } from "../release/names";
import { Component } from "./component";
import { onDocker, type Site } from "./site";

/** Everything that the provider reads back and the program does not ask for, or asks for once. */
const OF_THE_ENGINE = ["ipv6", "options", "ipamConfigs", "ipamOptions", "internal", "attachable", "ingress"];

/**
 * The networks of a stack, by name. Two, because the console and the proxy, which strangers talk to, need no way to the
 * database, and the database none to the world. The names end in a random suffix: a run that is killed between Docker's
 * making one and the state's hearing of it leaves a spare one, not a name that the next run cannot have. No labels: a
 * changed one would replace the network, which takes every container off it. So would what the engine's daemon.json adds
 * (`default-network-opts`, IPv6), which the provider reads back, and an engine that knows more than the one that made the
 * network: it makes no difference.
 */
export class Networks extends Component {
  /** Of caddy, console, api and worker, with a way out. */
  public readonly front: pulumi.Output<string>;
  /** Of postgres, api and worker: nothing leads out of it, and neither console nor caddy is on it. */
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
