import { join } from "node:path";
import { DockerClient } from "../../components/host/docker/client";
import { run } from "../support/stack";

const IMAGES = join(__dirname, "../images");

/** Builds the images of the demo release and starts their registry. A registry that ran before is left running. */
export default async function setup(): Promise<() => Promise<void>> {
  const ranBefore = await registryRuns();
  const built = await run(join(IMAGES, "build.sh"), []);
  if (built.exitCode !== 0) throw new Error(built.output);
  return async () => {
    if (!ranBefore) await run(join(IMAGES, "registry.sh"), ["stop"]);
  };
}

async function registryRuns(): Promise<boolean> {
  const docker = new DockerClient(process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock");
  const name = process.env["NESTFLEET_REGISTRY_NAME"] ?? "nestfleet-registry";
  return (await docker.run(["ps", "--quiet", "--filter", `name=^${name}$`])).trim() !== "";
}
