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
  readonly parent: pulumi.Resource;
  readonly provider: docker.Provider;
}

/** The options that every child of the component has in common. */
export function placed(site: Site, options: pulumi.CustomResourceOptions = {}): pulumi.CustomResourceOptions {
  return { parent: site.parent, provider: site.provider, ...options };
}
