import * as docker from "@pulumi/docker";
import { placed, type Site } from "./site";

/**
 * The network that the five services share. No labels: a changed label would replace the network, and a replacement
 * fails on its own name unless the old one goes first, which takes every container off it.
 */
export function createNetwork(site: Site): docker.Network {
  return new docker.Network(
    site.name,
    { name: site.name, driver: "bridge" },
    placed(site, { deleteBeforeReplace: true }),
  );
}
