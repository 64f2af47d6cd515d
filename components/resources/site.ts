import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../release/plan";
import type { Settings } from "../settings/schema";

/** Where the resources of one stack go: what every room needs to place and name them. */
export interface Site {
  /** Prefix of every logical name, container, network and volume: two stacks on one Docker host never collide. */
  readonly name: string;
  readonly stack: string;
  readonly settings: Settings;
  /** What this update is. */
  readonly plan: Plan;
  /** NestFleet itself. */
  readonly root: pulumi.Resource;
  /** NestFleet, or the component that a resource belongs to. */
  readonly parent: pulumi.Resource;
  readonly provider: docker.Provider;
}

/**
 * The options that every resource has. One below a component was directly under NestFleet in the programs before: by that
 * alias the state's resource is found, and nothing about it changes.
 */
export function placed({ parent, root }: Site): pulumi.ResourceOptions {
  return { parent, ...(parent !== root && { aliases: [{ parent: root }] }) };
}

/** The options of a resource that the Docker provider makes. */
export function onDocker(site: Site): pulumi.CustomResourceOptions {
  return { ...placed(site), provider: site.provider };
}
