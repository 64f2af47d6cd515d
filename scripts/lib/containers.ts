import { z } from "zod";
import type { DockerClient } from "../../components/docker/client";
import { LABEL } from "../../components/docker/labels";

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
export type Container = z.infer<typeof shape>;

/** Undefined when there is no such container. */
export async function inspectContainer(docker: DockerClient, id: string): Promise<Container | undefined> {
  const inspected = await docker.inspect(id);
  return inspected === undefined ? undefined : shape.parse(inspected);
}

/** Those of them that are there. */
export async function inspectContainers(docker: DockerClient, ids: readonly string[]): Promise<Container[]> {
  return z.array(shape).parse(await docker.inspectAll(ids));
}

/** The environment that a container was made with, by name. */
export function environmentOf(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(entries.map((entry) => entry.split(/=(.*)/s) as [string, string]));
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
