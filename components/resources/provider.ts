import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";

/**
 * The Docker host is what the config says and nothing else: a stray DOCKER_HOST in an operator's shell must not send
 * production somewhere else. Changing `nestfleet:dockerHost` moves nothing; it only changes who is asked.
 */
export function dockerProvider(name: string, dockerHost: string, parent: pulumi.Resource): docker.Provider {
  return new docker.Provider(name, { host: dockerHost }, { parent });
}
