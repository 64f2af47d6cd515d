import * as pulumi from "@pulumi/pulumi";
import type { Site } from "./site";

/**
 * A part of NestFleet that an operator can name. It is a node in the tree of `pulumi up`, one level below NestFleet,
 * with its resources below it. Commands that belong to no part (the steps of an update) lie directly under NestFleet.
 *
 * A state that was written before there were components contains none, so the first preview on it shows each as one to
 * create. A component makes nothing on the Docker host, and its resources are found by their aliases: the preview shows
 * no container, volume, network, secret or command. That update runs no script, and later previews show no change.
 */
export abstract class Component extends pulumi.ComponentResource {
  /** The site with this component as the parent of its resources. */
  protected readonly inside: Site;

  protected constructor(type: string, name: string, site: Site) {
    super(`nestfleet:index:${type}`, `${site.name}-${name}`, {}, { parent: site.parent });
    this.inside = { ...site, parent: this };
  }
}
