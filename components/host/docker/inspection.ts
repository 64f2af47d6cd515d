import { z } from "zod";
import type { DockerClient } from "./client";
import { hostTime } from "./clock";
import { LABEL } from "../../release/names";
import { environmentOf } from "./environment";
import { isReleased } from "../../release/restarts";
import { conceal } from "./redaction";

const shape = z.object({
  Id: z.string(),
  Name: z.string(),
  RestartCount: z.number(),
  Config: z.object({ Labels: z.record(z.string(), z.string()), Env: z.array(z.string()).nullish() }),
  State: z.object({
    Status: z.string(),
    Running: z.boolean(),
    Restarting: z.boolean(),
    OOMKilled: z.boolean(),
    ExitCode: z.number(),
    StartedAt: z.string(),
    Health: z.object({ Status: z.string(), Log: z.array(z.object({ Output: z.string() })).nullable() }).optional(),
  }),
});

/** What Docker knows of one container. */
export interface Container extends z.infer<typeof shape> {
  /** How long it has been up, by the clock of the Docker host, which has also noted when it was started. */
  readonly upSeconds?: number | undefined;
}

/** Undefined when there is no such container. */
export async function inspectContainer(docker: DockerClient, id: string): Promise<Container | undefined> {
  const inspected = await docker.inspect(id);
  return inspected === undefined ? undefined : timed(docker, concealed(shape.parse(inspected)));
}

/** Those of them that are there. */
export async function inspectContainers(docker: DockerClient, ids: readonly string[]): Promise<Container[]> {
  const inspected = z.array(shape).parse(await docker.inspectAll(ids));
  return Promise.all(inspected.map((container) => timed(docker, concealed(container))));
}

/** What a script knows of the application, it does not say: neither does any line of its own. */
function concealed(container: z.infer<typeof shape>): z.infer<typeof shape> {
  const { Labels: labels, Env: environment } = container.Config;
  if (isReleased(labels[`${LABEL}.role`] ?? "")) conceal(environmentOf(environment ?? []));
  return container;
}

/** The clock is asked only for those of which it matters: a healthcheck, and a first start, tell more. */
async function timed(docker: DockerClient, container: z.infer<typeof shape>): Promise<Container> {
  const { RestartCount: restarts, State: state } = container;
  if (!state.Running || (restarts === 0 && state.Health !== undefined)) return container;
  const now = await hostTime(docker);
  return now === undefined ? container : { ...container, upSeconds: (now - Date.parse(state.StartedAt)) / 1000 };
}

/** What runs in a stack now, a line each: the first thing to know when an update was refused. */
export async function runningNow(docker: DockerClient, stack: string): Promise<string> {
  const format = `{{.Label "${LABEL}.role"}} {{.Label "${LABEL}.version"}}  ({{.Names}}, {{.Status}})`;
  const listed = await docker.run(["ps", "--filter", `label=${LABEL}.stack=${stack}`, "--format", format]);
  const lines = listed.trim().split("\n").filter(Boolean).sort();
  return lines.length === 0 ? "  nothing" : lines.map((line) => `  ${line}`).join("\n");
}

/** The release that a container runs, from its label; undefined when there is no such container. */
export async function versionOf(docker: DockerClient, name: string): Promise<string | undefined> {
  return (await inspectContainer(docker, name))?.Config.Labels[`${LABEL}.version`];
}

/** Those of them that are there and are not of the stack: a file in a volume may name anybody's. */
export async function foreign(docker: DockerClient, stack: string, names: readonly string[]): Promise<string[]> {
  const found = await inspectContainers(docker, names);
  return found.filter(({ Config }) => Config.Labels[`${LABEL}.stack`] !== stack).map(({ Name }) => Name.slice(1));
}
