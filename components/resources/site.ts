import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../release/plan";
import type { Settings } from "../settings/schema";

/** The place of one stack's resources: what is needed to name each of them and to give it a parent. */
export interface Site {
  /** The prefix of all logical names, containers, networks and volumes: stacks on one Docker host never collide. */
  readonly name: string;
  readonly stack: string;
  readonly settings: Settings;
  /** The plan of this update. */
  readonly plan: Plan;
  /** The NestFleet component. */
  readonly root: pulumi.Resource;
  /** The NestFleet component, or the component of the part that a resource belongs to. */
  readonly parent: pulumi.Resource;
  readonly provider: docker.Provider;
}

/**
 * The options of every resource. In older programs, a resource that is below a component now was directly under
 * NestFleet. The alias finds that resource in the state, so that nothing about it changes.
 */
export function placed({ parent, root }: Site): pulumi.ResourceOptions {
  return { parent, ...(parent !== root && { aliases: [{ parent: root }] }) };
}

/** The options of a resource that the Docker provider makes. */
export function onDocker(site: Site): pulumi.CustomResourceOptions {
  return { ...placed(site), provider: site.provider };
}
