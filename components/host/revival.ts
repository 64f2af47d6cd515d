import type { DockerClient } from "../docker/client";
import { postgresHealthcheck } from "../services/healthchecks";
import { NOBODY, PAUSED, pointer, UPSTREAM_PORTS } from "../services/upstream";
import { containersOf } from "./containers";
import type { RunningContainer } from "./facts";

/** A database that was not shut down replays its log first. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 500;
/** What the others need, and what tells which of them serve. */
const FIRST = ["postgres", "caddy"];

/**
 * Starts what should run and was stopped, before an update looks at the host: the plan is read out of the database, the
 * proxy knows who serves, and whoever served is to serve during the update. After its own crash the engine finds its
 * containers alive, stops them, and takes that for somebody's wish: https://github.com/moby/moby/issues/41302. What is
 * starting, or was never started, is left alone; so is what an update has stopped. Returns the names.
 */
export async function revive(docker: DockerClient, stack: string): Promise<string[]> {
  const containers = await containersOf(docker, stack);
  const stopped = containers.filter(({ state }) => state === "exited");
  const first = stopped.filter(({ role }) => FIRST.includes(role));
  const rest = stopped.filter(({ role }) => !FIRST.includes(role));
  const started = await start(docker, first);
  await databaseAnswers(docker, `nestfleet-${stack}-postgres`);
  if (rest.length === 0) return started;
  const release = await serving(docker, `nestfleet-${stack}-caddy`, containers);
  return [...started, ...(await start(docker, rest.filter(release)))];
}

async function start(docker: DockerClient, containers: readonly RunningContainer[]): Promise<string[]> {
  const names = containers.map(({ name }) => name);
  if (names.length > 0) await docker.run(["start", ...names]);
  return names;
}

/** Without a database there is nothing to wait for. One that does not come up is what the inspection then finds. */
async function databaseAnswers(docker: DockerClient, postgres: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const running = (await docker.run(["ps", "--quiet", "--filter", `name=^${postgres}$`])).trim() !== "";
    if (!running) return;
    const ready = docker.run(["exec", postgres, ...postgresHealthcheck.test.slice(1)]);
    if (await ready.then(() => true, () => false)) return; // prettier-ignore
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Tells those that the requests go to, and the workers of the same release; not what an update has stopped. */
async function serving(
  docker: DockerClient,
  caddy: string,
  containers: readonly RunningContainer[],
): Promise<(container: RunningContainer) => boolean> {
  const files = (Object.keys(UPSTREAM_PORTS) as (keyof typeof UPSTREAM_PORTS)[]).map(pointer);
  const read = async (file: string) =>
    (await docker.run(["exec", caddy, "sh", "-c", `cat ${file} 2>/dev/null || true`])).trim();
  const pointed = await Promise.all(files.map(read));
  const paused = (await read(PAUSED)).split("\n");
  const names = pointed.filter((name) => name !== "" && name !== NOBODY);
  const release = containers.find(({ name }) => name === names[0])?.version;
  return ({ name, role, version }) =>
    (names.includes(name) || (role === "worker" && version === release)) && !paused.includes(name);
}
