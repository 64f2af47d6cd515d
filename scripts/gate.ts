import { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { inspectContainer, runningNow } from "./lib/containers";
import { target, waitUntilHealthy } from "./lib/health";
import { indented, NEXT, Refusal, run, say } from "./lib/run";

const input = target.extend({
  dockerHost: z.string(),
  stack: z.string(),
  role: z.string(),
  timeoutSeconds: z.number(),
  whenRefused: z.enum(["stop", "leave"]),
});
type Input = z.infer<typeof input>;

const LOG_LINES = 30;

void run(input, async (asked) => {
  const docker = new DockerClient(asked.dockerHost);
  const started = Date.now();
  const refusal = await waitUntilHealthy(docker, asked, asked.timeoutSeconds);
  if (refusal !== undefined) throw new Refusal(await report(docker, asked, refusal));
  say(`${asked.role} is healthy after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return undefined;
});

/** The evidence is read before the container is stopped, which would add to its log. */
async function report(docker: DockerClient, asked: Input, why: string): Promise<string> {
  const container = await inspectContainer(docker, asked.container);
  const name = container?.Name.slice(1) ?? asked.container;
  const log = container === undefined ? "" : await docker.logs(asked.container, LOG_LINES);
  const stop = container !== undefined && asked.whenRefused === "stop";
  if (stop) await docker.run(["stop", asked.container]);
  return [
    `${asked.role} is not healthy: ${why}.`,
    ...(log ? [`Last lines of its log (docker logs ${name}):`, indented(log)] : []),
    ...(stop ? [`${name} was stopped.`] : []),
    "What runs now:",
    await runningNow(docker, asked.stack),
    NEXT,
  ].join("\n");
}
