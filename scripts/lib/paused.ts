import type { DockerClient } from "../../components/docker/client";
import { inspectContainer } from "./containers";

/** In Caddy's config volume, which outlives everything: the containers that an update has stopped to come back to. */
const FILE = "/config/paused";

/** Stops containers, having noted which: whoever refuses the update starts them again. */
export async function pause(docker: DockerClient, caddy: string, names: readonly string[]): Promise<void> {
  await docker.run(["exec", "-i", caddy, "sh", "-c", `cat > ${FILE}.new && mv ${FILE}.new ${FILE}`], names.join("\n"));
  if (names.length > 0) await docker.run(["stop", ...names]);
}

/** Starts again what an update has stopped, as far as it is still there. */
export async function resume(docker: DockerClient, caddy: string): Promise<string[]> {
  const resumed: string[] = [];
  for (const name of await paused(docker, caddy)) {
    const container = await inspectContainer(docker, name);
    if (container === undefined || container.State.Running) continue;
    await docker.run(["start", name]);
    resumed.push(name);
  }
  await forget(docker, caddy);
  return resumed;
}

/** The update is over: nothing is to be started again. */
export async function forget(docker: DockerClient, caddy: string): Promise<void> {
  if (await runs(docker, caddy)) await docker.run(["exec", caddy, "rm", "-f", FILE]);
}

async function paused(docker: DockerClient, caddy: string): Promise<string[]> {
  if (!(await runs(docker, caddy))) return [];
  const names = await docker.run(["exec", caddy, "sh", "-c", `[ ! -f ${FILE} ] || cat ${FILE}`]);
  return names.trim().split("\n").filter(Boolean);
}

async function runs(docker: DockerClient, caddy: string): Promise<boolean> {
  return (await inspectContainer(docker, caddy))?.State.Running === true;
}
