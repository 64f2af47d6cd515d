import * as docker from "@pulumi/docker";
import { placed, type Site } from "./site";

/**
 * The network that the five services share. Its name ends in a random suffix: a run that is killed between Docker's
 * making it and the state's hearing of it leaves a spare one, not a name that the next run cannot have. No labels: a
 * changed one would replace the network, which takes every container off it.
 */
export function createNetwork(site: Site): docker.Network {
  return new docker.Network(site.name, { driver: "bridge" }, placed(site));
}
