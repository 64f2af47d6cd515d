import { randomBytes } from "node:crypto";
import type { DockerClient } from "../docker/client";
import { BEFORE, candidate, CANDIDATE_TOKEN, NEW_TOKEN, NOBODY, pointer } from "./files";
import { type Upstream } from "../../release/names";
import { nameOf } from "../../release/names";
import { inspectContainer } from "../docker/inspection";
import { drained } from "./draining";

/** Which container takes the requests of each service, by name. */
export type Pointers = Record<Upstream, string>;

/** What a restore or the proxy may name: nobody, or a container of the stack, by the form of its name. */
export function isPointer(stack: string, name: string): boolean {
  const prefix = `${nameOf(stack)}-`;
  return (
    name === NOBODY || (name.startsWith(prefix) && /^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$/.test(name.slice(prefix.length)))
  );
}

/** The proxy's volume is the proxy's: what names nobody of the stack there is taken for nobody. */
function ofStack(caddy: string, text = ""): string {
  const stack = caddy.replace(/^nestfleet-|-caddy$/g, "");
  return isPointer(stack, text.trim()) ? text.trim() : NOBODY;
}

const UPSTREAMS: readonly Upstream[] = ["api", "console"];

export async function readPointers(docker: DockerClient, caddy: string): Promise<Pointers> {
  const [api, console] = await Promise.all(
    UPSTREAMS.map((upstream) => docker.run(["exec", caddy, "cat", pointer(upstream)])),
  );
  return { api: ofStack(caddy, api), console: ofStack(caddy, console) };
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
  await drained(docker, caddy, "console");
  await writePointers(docker, caddy, { api: NOBODY, console: NOBODY });
  return before;
}

/** To those who took them before, where requests were held or sent to others. */
export async function sendBack(docker: DockerClient, caddy: string): Promise<void> {
  const before = await readBefore(docker, caddy);
  if (before !== undefined) await writePointers(docker, caddy, before);
  await forgetBefore(docker, caddy);
}

/** Those that are to take the requests next. Gives the token with which they are reached; one from before is worth nothing. */
export async function nominate(docker: DockerClient, caddy: string, pointers: Pointers): Promise<string> {
  const token = randomBytes(32).toString("hex");
  const keep = `(umask 077 && cat > ${CANDIDATE_TOKEN}.new) && mv ${CANDIDATE_TOKEN}.new ${CANDIDATE_TOKEN}`;
  await write(docker, caddy, pointers, candidate, { before: keep, stdin: token });
  return token;
}

/** Nobody is to take them next, `also` done in the same breath. */
export async function withdraw(docker: DockerClient, caddy: string, also = "true"): Promise<void> {
  await write(docker, caddy, { api: NOBODY, console: NOBODY }, candidate, { before: `${also} && ${NEW_TOKEN}` });
}

async function write(
  docker: DockerClient,
  caddy: string,
  pointers: Pointers,
  file: (upstream: Upstream) => string,
  { before, stdin }: { readonly before?: string; readonly stdin?: string } = {},
): Promise<void> {
  const renaming = UPSTREAMS.map(
    (upstream) => `echo "$${upstream}" > ${file(upstream)}.new && mv ${file(upstream)}.new ${file(upstream)}`,
  );
  const script = [...(before === undefined ? [] : [before]), ...renaming].join(" && ");
  const environment = UPSTREAMS.flatMap((upstream) => ["--env", `${upstream}=${pointers[upstream]}`]);
  const input = stdin === undefined ? [] : ["-i"];
  await docker.run(["exec", ...input, ...environment, caddy, "sh", "-c", script], stdin);
}

/** Who took the requests before a cutover that has not been judged: a run that is killed in the middle knows it again. */
export async function readBefore(docker: DockerClient, caddy: string): Promise<Pointers | undefined> {
  const [api, console] = (await docker.run(["exec", caddy, "sh", "-c", `[ ! -f ${BEFORE} ] || cat ${BEFORE}`]))
    .trim()
    .split("\n");
  if (api === undefined || console === undefined) return undefined;
  return { api: ofStack(caddy, api), console: ofStack(caddy, console) };
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

export function differ(one: Pointers, other: Pointers): boolean {
  return one.api !== other.api || one.console !== other.console;
}

/** True when requests sent there would be answered: the container still runs. */
export async function serves(docker: DockerClient, name: string): Promise<boolean> {
  return name !== NOBODY && (await inspectContainer(docker, name))?.State.Running === true;
}
