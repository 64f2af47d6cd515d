import { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { inspectDatabase } from "../components/host/database";
import { type Container, inspectContainer, runningNow } from "./lib/containers";
import { target, waitUntilHealthy } from "./lib/health";
import { complaint } from "./lib/database";
import { takeBack } from "./lib/paused";
import { indented, NEXT, Refusal, run, say } from "./lib/run";
import { withheld } from "./lib/secrecy";

const input = target.extend({
  dockerHost: z.string(),
  stack: z.string(),
  role: z.string(),
  timeoutSeconds: z.number(),
  /** What the migrations took in the rehearsal; they may take this and half as much again. */
  migrationSeconds: z.number(),
  postgres: z.string(),
  caddy: z.string(),
  whenRefused: z.enum(["stop", "leave"]),
});
type Input = z.infer<typeof input>;

const LOG_LINES = 30;
/** Production may be slower than the rehearsal was: it also serves. */
const ALLOWANCE = 1.5;

void run(input, async (asked) => {
  const docker = new DockerClient(asked.dockerHost);
  const started = Date.now();
  const patience = asked.timeoutSeconds + ALLOWANCE * asked.migrationSeconds;
  const refusal = await waitUntilHealthy(docker, asked, patience, () => migrated(docker, asked));
  if (refusal !== undefined) throw new Refusal(await report(docker, asked, refusal));
  say(`${asked.role} is healthy after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return undefined;
});

/** Changes with each migration that is done; only the api runs any. */
async function migrated(docker: DockerClient, { role, postgres }: Input): Promise<number> {
  if (role !== "api") return 0;
  const facts = await inspectDatabase(docker, postgres).catch(() => undefined); // not ready to answer: no progress
  return facts?.applied.length ?? 0;
}

/** The evidence is read before the container is stopped, which would add to its log. */
async function report(docker: DockerClient, asked: Input, why: string): Promise<string> {
  const container = await inspectContainer(docker, asked.container);
  const name = container?.Name.slice(1) ?? asked.container;
  const log = container === undefined ? "" : await evidence(docker, asked.container, container);
  const undone = await undo(docker, asked, container === undefined ? undefined : name);
  return [
    `${asked.role} is not healthy: ${why}.`,
    ...(log ? [`Last lines of its log (docker logs ${name}):`, indented(log)] : []),
    ...undone,
    "What runs now:",
    await runningNow(docker, asked.stack),
    NEXT,
  ].join("\n");
}

async function evidence(docker: DockerClient, id: string, { Config: { Env: entries } }: Container): Promise<string> {
  const environment = Object.fromEntries((entries ?? []).map((entry) => entry.split(/=(.*)/s) as [string, string]));
  const log = await docker.logs(id, LOG_LINES).catch((error: unknown) => `the log cannot be read: ${complaint(error)}`);
  return withheld(log, environment);
}

/** Whatever one step says, the next is tried: what served before must serve again. */
async function undo(docker: DockerClient, asked: Input, name: string | undefined): Promise<string[]> {
  const failed = (what: string) => (error: unknown) => [`${what} failed: ${complaint(error)}`];
  const stop = async (refused: string) => {
    await docker.run(["stop", refused]);
    return [`${refused} was stopped.`];
  };
  const resume = async () => {
    const resumed = await takeBack(docker, asked.caddy, asked.stack);
    return resumed.length > 0 ? [`${resumed.join(", ")} started again, on the database as it is now.`] : [];
  };
  return [
    ...(name !== undefined && asked.whenRefused === "stop" ? await stop(name).catch(failed(`stopping ${name}`)) : []),
    ...(await resume().catch(failed("starting what ran before"))),
  ];
}
