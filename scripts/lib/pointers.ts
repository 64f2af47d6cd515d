import type { DockerClient } from "../../components/docker/client";
import { BEFORE, candidate, NOBODY, pointer, type Upstream } from "../../components/services/upstream";
import { inspectContainer } from "./containers";
import { sleep } from "./run";

/** Which container takes the requests of each service, by name. */
export type Pointers = Record<Upstream, string>;

/** A page that is being made is done by then. */
const PAGE_MS = 500;

const UPSTREAMS: readonly Upstream[] = ["api", "console"];

export async function readPointers(docker: DockerClient, caddy: string): Promise<Pointers> {
  const [api, console] = await Promise.all(
    UPSTREAMS.map((upstream) => docker.run(["exec", caddy, "cat", pointer(upstream)])),
  );
  return { api: (api ?? NOBODY).trim(), console: (console ?? NOBODY).trim() };
}

/** Renaming makes each change at once and whole: a request sees the container before or the one after. */
export async function writePointers(docker: DockerClient, caddy: string, pointers: Pointers): Promise<void> {
  await write(docker, caddy, pointers, pointer);
}

/**
 * From here on Caddy holds every request, by pointers to nobody: it asks no name server for a container that is gone.
 * Pages first: the console makes them of answers of the api, and would lose its patience while those are held. Returns
 * who took the requests before; known as such to whoever comes next.
 */
export async function holdRequests(docker: DockerClient, caddy: string): Promise<Pointers> {
  const before = await readServing(docker, caddy);
  await writeBefore(docker, caddy, before);
  await writePointers(docker, caddy, { api: before.api, console: NOBODY });
  await sleep(PAGE_MS);
  await writePointers(docker, caddy, { api: NOBODY, console: NOBODY });
  return before;
}

/** To those who took them before, where requests were held or sent to others. */
export async function sendBack(docker: DockerClient, caddy: string): Promise<void> {
  const before = await readBefore(docker, caddy);
  if (before !== undefined) await writePointers(docker, caddy, before);
  await forgetBefore(docker, caddy);
}

/** Those that are to take the requests next, and are reached by who asks for them. */
export async function nominate(docker: DockerClient, caddy: string, pointers: Pointers): Promise<void> {
  await write(docker, caddy, pointers, candidate);
}

export async function withdraw(docker: DockerClient, caddy: string): Promise<void> {
  await docker.run(["exec", caddy, "rm", "-f", ...UPSTREAMS.map(candidate)]);
}

async function write(
  docker: DockerClient,
  caddy: string,
  pointers: Pointers,
  file: (upstream: Upstream) => string,
): Promise<void> {
  const script = UPSTREAMS.map(
    (upstream) => `echo "$${upstream}" > ${file(upstream)}.new && mv ${file(upstream)}.new ${file(upstream)}`,
  ).join(" && ");
  const environment = UPSTREAMS.flatMap((upstream) => ["--env", `${upstream}=${pointers[upstream]}`]);
  await docker.run(["exec", ...environment, caddy, "sh", "-c", script]);
}

/** Who took the requests before a cutover that has not been judged: a run that is killed in the middle knows it again. */
export async function readBefore(docker: DockerClient, caddy: string): Promise<Pointers | undefined> {
  const [api, console] = (await docker.run(["exec", caddy, "sh", "-c", `[ ! -f ${BEFORE} ] || cat ${BEFORE}`]))
    .trim()
    .split("\n");
  return api !== undefined && console !== undefined ? { api, console } : undefined;
}

/** Who serves, also while requests are held or a cutover has not been judged. */
export async function readServing(docker: DockerClient, caddy: string): Promise<Pointers> {
  return (await readBefore(docker, caddy)) ?? (await readPointers(docker, caddy));
}

export async function writeBefore(docker: DockerClient, caddy: string, { api, console }: Pointers): Promise<void> {
  const script = `cat > ${BEFORE}.new && mv ${BEFORE}.new ${BEFORE}`;
  await docker.run(["exec", "-i", caddy, "sh", "-c", script], `${api}\n${console}\n`);
}

export async function forgetBefore(docker: DockerClient, caddy: string): Promise<void> {
  await docker.run(["exec", caddy, "rm", "-f", BEFORE]);
}

/** True when requests sent there would be answered: the container still runs. */
export async function serves(docker: DockerClient, name: string): Promise<boolean> {
  return name !== NOBODY && (await inspectContainer(docker, name))?.State.Running === true;
}
