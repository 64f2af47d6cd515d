import type { DockerClient } from "./client";

/** By client: what its engine has answered. */
const known = new WeakMap<DockerClient, string>();

/** The version of the Docker Engine. It is asked once, and again where it gave no answer. */
export async function engineVersion(docker: DockerClient): Promise<string> {
  const version = known.get(docker) ?? (await docker.run(["version", "--format", "{{.Server.Version}}"])).trim();
  known.set(docker, version);
  return version;
}
