import type { DockerClient } from "../docker/client";
import { LABEL } from "../docker/labels";
import { NOBODY, PAUSED, pointer, UPSTREAM_PORTS } from "../services/upstream";

/** A database that was not shut down replays its log first. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 500;

/**
 * Starts what should run and was stopped, before an update looks at the host: the plan is read out of the database, the
 * proxy knows who serves, and whoever served is to serve during the update. After its own crash the engine finds its
 * containers alive, stops them, and takes that for somebody's wish: https://github.com/moby/moby/issues/41302. What is
 * starting, or was never started, is left alone; so is what an update has stopped. Returns the names.
 */
export async function revive(docker: DockerClient, stack: string): Promise<string[]> {
  const stopped = await stoppedContainers(docker, stack);
  const names = (...roles: string[]) => stopped.filter(({ role }) => roles.includes(role)).map(({ name }) => name);
  const first = await start(docker, names("postgres", "caddy"));
  await databaseAnswers(docker, `nestfleet-${stack}-postgres`);
  const rest = stopped.filter(({ role }) => role !== "postgres" && role !== "caddy");
  const wanted = rest.length === 0 ? [] : await serving(docker, `nestfleet-${stack}-caddy`, rest);
  return [...first, ...(await start(docker, wanted))];
}

interface Stopped {
  readonly name: string;
  readonly role: string;
  readonly version: string;
}

async function stoppedContainers(docker: DockerClient, stack: string): Promise<Stopped[]> {
  const format = `{{.Names}}\t{{.Label "${LABEL}.role"}}\t{{.Label "${LABEL}.version"}}`;
  const filters = ["--filter", `label=${LABEL}.stack=${stack}`, "--filter", "status=exited"];
  const listed = await docker.run(["ps", "--all", ...filters, "--format", format]);
  return listed
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [name = "", role = "", version = ""] = line.split("\t");
      return { name, role, version };
    });
}

async function start(docker: DockerClient, names: string[]): Promise<string[]> {
  if (names.length > 0) await docker.run(["start", ...names]);
  return names;
}

/** Without a database there is nothing to wait for. One that does not come up is what the inspection then finds. */
async function databaseAnswers(docker: DockerClient, postgres: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const running = (await docker.run(["ps", "--quiet", "--filter", `name=^${postgres}$`])).trim() !== "";
    if (!running) return;
    const ready = docker.run(["exec", postgres, "pg_isready", "-U", "nestfleet", "-d", "nestfleet"]);
    if (await ready.then(() => true, () => false)) return; // prettier-ignore
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Those that the requests go to, and the workers of the same release. */
async function serving(docker: DockerClient, caddy: string, stopped: readonly Stopped[]): Promise<string[]> {
  const files = (Object.keys(UPSTREAM_PORTS) as (keyof typeof UPSTREAM_PORTS)[]).map(pointer);
  const read = async (file: string) =>
    (await docker.run(["exec", caddy, "sh", "-c", `cat ${file} 2>/dev/null || true`])).trim();
  const pointed = await Promise.all(files.map(read));
  const paused = (await read(PAUSED)).split("\n");
  const names = pointed.filter((name) => name !== "" && name !== NOBODY);
  if (names.length === 0) return [];
  const format = `{{index .Config.Labels "${LABEL}.version"}}`;
  const version = (await docker.run(["inspect", "--format", format, names[0] ?? ""]).catch(() => "")).trim();
  const wanted = ({ name, role, version: own }: Stopped) =>
    names.includes(name) || (role === "worker" && own === version);
  return stopped.filter((container) => wanted(container) && !paused.includes(container.name)).map(({ name }) => name);
}
