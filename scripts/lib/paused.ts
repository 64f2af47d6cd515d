import type { DockerClient } from "../../components/docker/client";
import { containersOf } from "../../components/host/containers";
import { PAUSED } from "../../components/services/upstream";
import { inspectContainer } from "./containers";

/** The services that write to the database. */
export const WRITERS: readonly string[] = ["api", "worker"];

/** Stops containers, having noted which, with those that an attempt before has noted: whoever refuses starts them again. */
export async function pause(docker: DockerClient, caddy: string, names: readonly string[]): Promise<void> {
  const noted = [...new Set([...(await paused(docker, caddy)), ...names])];
  await docker.run(
    ["exec", "-i", caddy, "sh", "-c", `cat > ${PAUSED}.new && mv ${PAUSED}.new ${PAUSED}`],
    noted.join("\n"),
  );
  if (names.length > 0) await docker.run(["stop", ...names]);
}

/**
 * Takes a change of release back that had stopped the writers before: stops those of the refused release, which cannot
 * run beside the old one, and starts again what was stopped. Does nothing where nothing was. Gives what runs again.
 */
export async function takeBack(docker: DockerClient, caddy: string, stack: string): Promise<string[]> {
  const names = await paused(docker, caddy);
  if (names.length === 0) return [];
  const refused = (await containersOf(docker, stack)).filter(
    ({ role, name, running }) => running && WRITERS.includes(role) && !names.includes(name),
  );
  if (refused.length > 0) await docker.run(["stop", ...refused.map(({ name }) => name)]);
  const resumed: string[] = [];
  for (const name of names) {
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
  if (await runs(docker, caddy)) await docker.run(["exec", caddy, "rm", "-f", PAUSED]);
}

async function paused(docker: DockerClient, caddy: string): Promise<string[]> {
  if (!(await runs(docker, caddy))) return [];
  const names = await docker.run(["exec", caddy, "sh", "-c", `[ ! -f ${PAUSED} ] || cat ${PAUSED}`]);
  return names.trim().split("\n").filter(Boolean);
}

async function runs(docker: DockerClient, caddy: string): Promise<boolean> {
  return (await inspectContainer(docker, caddy))?.State.Running === true;
}
