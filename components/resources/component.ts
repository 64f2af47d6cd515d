import * as pulumi from "@pulumi/pulumi";
import type { Site } from "./site";

/**
 * A part of NestFleet that an operator can name: a node in the tree of `pulumi up`, one level below NestFleet, with its
 * resources below it. Commands that are no part's own, the steps of an update, lie directly under NestFleet.
 *
 * The first preview on the state of a program before shows each component as one to create, since the state has none of
 * them. Nothing is made for a component, and what it consists of is found by its alias: no container, volume, network,
 * secret or command is shown. That update runs no script; the previews after it show nothing.
 */
export abstract class Component extends pulumi.ComponentResource {
  /** Where the resources of this part go. */
  protected readonly inside: Site;

  protected constructor(type: string, name: string, site: Site) {
    super(`nestfleet:index:${type}`, `${site.name}-${name}`, {}, { parent: site.parent });
    this.inside = { ...site, parent: this };
  }
}
