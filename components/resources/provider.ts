import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";

/**
 * Makes the Docker provider. Only the configuration names the Docker host: a DOCKER_HOST that is left in an operator's
 * shell must not send production to another host. Changing `nestfleet:dockerHost` moves no container or data; it only
 * changes which Docker host is used.
 */
export function dockerProvider(name: string, dockerHost: string, parent: pulumi.Resource): docker.Provider {
  return new docker.Provider(name, { host: dockerHost }, { parent });
}
