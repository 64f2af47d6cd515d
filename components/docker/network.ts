import * as docker from "@pulumi/docker";
import { placed, type Site } from "./site";

/** Everything that the provider reads back and the program does not ask for. */
const OF_THE_ENGINE = ["ipv6", "options", "ipamConfigs", "ipamOptions", "internal", "attachable", "ingress"];

/**
 * The network that the five services share. Its name ends in a random suffix: a run that is killed between Docker's
 * making it and the state's hearing of it leaves a spare one, not a name that the next run cannot have. No labels: a
 * changed one would replace the network, which takes every container off it. So would what the engine's daemon.json adds
 * (`default-network-opts`, IPv6), which the provider reads back: it makes no difference.
 */
export function createNetwork(site: Site): docker.Network {
  return new docker.Network(site.name, { driver: "bridge" }, placed(site, { ignoreChanges: OF_THE_ENGINE }));
}
