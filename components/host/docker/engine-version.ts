import type { DockerClient } from "./client";

/** For each client: the version of its Docker Engine. */
const known = new WeakMap<DockerClient, string>();

/** Gives the version of the Docker Engine. It is read once, and again after a failure. */
export async function engineVersion(docker: DockerClient): Promise<string> {
  const version = known.get(docker) ?? (await docker.run(["version", "--format", "{{.Server.Version}}"])).trim();
  known.set(docker, version);
  return version;
}
