import { z } from "zod";
import type { DockerClient } from "./client";
import { hostTime } from "./clock";
import { environmentOf } from "./environment";
import { onDockerError } from "./errors";
import { leavesNoCore } from "./hardening";
import { conceal } from "./redaction";
import type { RunningContainer } from "../../release/facts";
import { parametersIn } from "../../release/parameters";
import { isReleased, LABELS, SUPERUSER } from "../../release/names";

const shape = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  RestartCount: z.number(),
  Config: z.object({
    Labels: z.record(z.string(), z.string()),
    Env: z.array(z.string()).nullish(),
    Cmd: z.array(z.string()).nullish(),
  }),
  State: z.object({
    Status: z.string(),
    Running: z.boolean(),
    Restarting: z.boolean(),
    OOMKilled: z.boolean(),
    ExitCode: z.number(),
    StartedAt: z.string(),
    Health: z.object({ Status: z.string(), Log: z.array(z.object({ Output: z.string() })).nullable() }).optional(),
  }),
  HostConfig: z
    .object({
      ReadonlyRootfs: z.boolean().nullish(),
      Ulimits: z.array(z.object({ Name: z.string(), Hard: z.number() })).nullish(),
      LogConfig: z.object({ Type: z.string(), Config: z.record(z.string(), z.string()).nullish() }).nullish(),
    })
    .optional(),
  NetworkSettings: z
    .object({
      Ports: z.record(z.string(), z.array(z.object({ HostIp: z.string() })).nullable()).nullish(),
      Networks: z.record(z.string(), z.unknown()).nullish(),
    })
    .optional(),
});
type Inspected = z.infer<typeof shape>;

/** What Docker knows about one container. */
export interface Container extends Inspected {
  /** How long it has been running, by the clock of the Docker host, which also recorded the start. */
  readonly upSeconds?: number | undefined;
}

/**
 * Gives the containers of a stack, running or not, found by their labels. A container that is removed meanwhile is left
 * out.
 */
export async function containersOf(docker: DockerClient, stack: string): Promise<RunningContainer[]> {
  const filter = `label=${LABELS.stack}=${stack}`;
  const listed = await docker.run(["ps", "--all", "--quiet", "--no-trunc", "--filter", filter]);
  return (await inspectAll(docker, listed.split("\n").filter(Boolean))).map(described);
}

/** Undefined when there is no such container. */
export async function inspectContainer(docker: DockerClient, id: string): Promise<Container | undefined> {
  return (await inspectContainers(docker, [id]))[0];
}

/** Leaves out the containers that are not there. */
export async function inspectContainers(docker: DockerClient, ids: readonly string[]): Promise<Container[]> {
  const inspected = await inspectAll(docker, ids);
  return Promise.all(inspected.map((container) => timed(docker, container)));
}

/** True when the container runs: it is not paused, and does not wait for a restart after it has exited. */
export async function isRunning(docker: DockerClient, name: string): Promise<boolean> {
  return (await inspectAll(docker, [name]))[0]?.State.Status === "running";
}

/** True when the container runs or will run by itself: Docker calls it `restarting` while its restart policy waits. */
export function isUp({ state }: Pick<RunningContainer, "state">): boolean {
  return !["exited", "created", "dead"].includes(state);
}

/** Docker's words for a container that does not exist, or was stopped. */
const STOPPED = /no such container|is not running|in a stopped container/i;
/** Docker's words for a container that does not run at this moment. */
const BETWEEN = /is restarting|is paused/i;

/** Gives the answer of a command in a container, or undefined when the container does not exist or was stopped. */
export async function unlessStopped<T>(asked: Promise<T>): Promise<T | undefined> {
  return onDockerError(asked, (error) => {
    if (!STOPPED.test(error.stderr)) throw error;
    return undefined;
  });
}

/** Does the same, and gives undefined also when the container is restarting or paused. */
export async function ifRunning<T>(asked: Promise<T>): Promise<T | undefined> {
  return onDockerError(unlessStopped(asked), (error) => {
    if (!BETWEEN.test(error.stderr)) throw error;
    return undefined;
  });
}

/** Lists the containers of a stack and their state, a line each, for the report on a refused update. */
export async function runningNow(docker: DockerClient, stack: string): Promise<string> {
  const format = `{{.Label "${LABELS.role}"}} {{.Label "${LABELS.version}"}}  ({{.Names}}, {{.Status}})`;
  const listed = await docker.run(["ps", "--filter", `label=${LABELS.stack}=${stack}`, "--format", format]);
  const lines = listed.trim().split("\n").filter(Boolean).sort();
  return lines.length === 0 ? "  nothing" : lines.map((line) => `  ${line}`).join("\n");
}

/** Gives the release that a container runs, from its label; undefined when there is no such container. */
export async function versionOf(docker: DockerClient, name: string): Promise<string | undefined> {
  return (await inspectAll(docker, [name]))[0]?.Config.Labels[LABELS.version];
}

/** Names the existing containers that do not belong to the stack: a file in a volume may name any container. */
export async function foreign(docker: DockerClient, stack: string, names: readonly string[]): Promise<string[]> {
  const found = await inspectAll(docker, names);
  return found.filter(({ Config }) => Config.Labels[LABELS.stack] !== stack).map(({ Name }) => Name.slice(1));
}

/** Inspects containers. From then on, no line of this process shows a secret in the environment of the application. */
async function inspectAll(docker: DockerClient, ids: readonly string[]): Promise<Inspected[]> {
  const inspected = z.array(shape).parse(await docker.inspectAll(ids));
  for (const { Config } of inspected)
    if (isReleased(Config.Labels[LABELS.role] ?? "")) conceal(environmentOf(Config.Env ?? []));
  return inspected;
}

/** The port that every Caddy container of the program publishes. */
const HTTP_PORT = "80/tcp";

const AS_SUPERUSER = `DATABASE_URL=postgres://${SUPERUSER}:`;

/** Gives the facts about a container that a plan needs. */
function described({ Id, Name, Image, Config, State, HostConfig, NetworkSettings }: Inspected): RunningContainer {
  const { LogConfig: log, Ulimits, ReadonlyRootfs } = HostConfig ?? {};
  const published = NetworkSettings?.Ports?.[HTTP_PORT]?.map(({ HostIp }) => HostIp) ?? [];
  const networks = NetworkSettings?.Networks;
  const parameters = parametersIn(Config.Cmd ?? []);
  return {
    id: Id,
    name: Name.slice(1),
    role: Config.Labels[LABELS.role] ?? "",
    version: Config.Labels[LABELS.version] ?? "",
    imageId: Image,
    ...(log && { log: { driver: log.Type, options: log.Config ?? {} } }),
    ...(published.length > 0 && { addresses: published }),
    ...(parameters && { parameters }),
    ...(networks && { networks: Object.keys(networks) }),
    noCore: leavesNoCore(Ulimits ?? []),
    readOnly: ReadonlyRootfs === true,
    asSuperuser: Config.Env?.some((entry) => entry.startsWith(AS_SUPERUSER)) === true,
    state: State.Status,
    running: State.Status === "running",
  };
}

/** Reads the clock only where the time since the start counts: without a healthcheck, or after a restart. */
async function timed(docker: DockerClient, container: Inspected): Promise<Container> {
  const { RestartCount: restarts, State: state } = container;
  if (!state.Running || (restarts === 0 && state.Health !== undefined)) return container;
  const now = await hostTime(docker);
  return now === undefined ? container : { ...container, upSeconds: (now - Date.parse(state.StartedAt)) / 1000 };
}
