import { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { inspectContainer, runningNow, versionOf } from "./lib/containers";
import { target, waitUntilHealthy } from "./lib/health";
import { forget, resume } from "./lib/paused";
import { type Pointers, readPointers, serves, writePointers } from "./lib/pointers";
import { record, type Step } from "./lib/record";
import { NEXT, Refusal, run, say } from "./lib/run";
import { pruneImages, removeOthers, repositories } from "./lib/tidy";
import { expectation, type Health, verify } from "./lib/verification";

const named = target.extend({ name: z.string() });
const input = expectation.extend({
  stack: z.string(),
  postgres: z.string(),
  targets: z.object({ api: named, console: named }),
  /** Ids of the other containers that the stack consists of now. */
  containers: z.array(z.string()),
  repositories,
});
type Input = z.infer<typeof input>;

/**
 * Sends the requests to the new containers and verifies from outside; sends them back when that fails. Writes the
 * verdict into the history and clears away what nothing needs any more. Idempotent: killed at any moment and run
 * again, it ends in the same place.
 */
void run(input, async (asked) => {
  const docker = new DockerClient(asked.dockerHost);
  const before = await readPointers(docker, asked.caddy);
  const from = await versionOf(docker, before.api);
  const step: Step = { ...asked, from, to: asked.release.tag, started: Date.now() };
  try {
    const answer = await cutOver(asked, docker, before);
    await finish(asked, docker, step);
    return JSON.stringify(answer);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const undone = await goBack(asked, docker, before);
    await resume(docker, asked.caddy);
    await record(docker, step, error.message);
    throw new Refusal(await report(asked, docker, error.message, undone));
  }
});

async function cutOver(asked: Input, docker: DockerClient, before: Pointers): Promise<Health> {
  for (const [role, service] of Object.entries(asked.targets)) {
    const refusal = await waitUntilHealthy(docker, service, asked.timeoutSeconds);
    if (refusal !== undefined) throw new Refusal(`${role} is not healthy: ${refusal}`);
  }
  const after = namesOf(asked);
  await writePointers(docker, asked.caddy, after);
  if (differ(before, after)) say(`requests go to ${after.api} and ${after.console}`);
  return verify(asked, docker);
}

async function finish(asked: Input, docker: DockerClient, step: Step): Promise<void> {
  await forget(docker, asked.caddy);
  const history = await record(docker, step);
  await removeOthers(docker, asked.stack, [
    asked.targets.api.container,
    asked.targets.console.container,
    ...asked.containers,
  ]);
  await pruneImages(docker, asked.repositories, history);
}

/** What was done about the failure, for the report. The refused containers are stopped once nobody is sent there. */
async function goBack(asked: Input, docker: DockerClient, before: Pointers): Promise<string> {
  const after = namesOf(asked);
  if (!differ(before, after)) return "The requests went to the same containers before; nothing was changed.";
  if (!(await comesBack(docker, before.api)) || !(await comesBack(docker, before.console))) {
    return "No container from before is left; the requests still go to the new ones.";
  }
  await writePointers(docker, asked.caddy, before);
  const refused = (["api", "console"] as const).filter((upstream) => before[upstream] !== after[upstream]);
  await docker.run(["stop", ...refused.map((upstream) => asked.targets[upstream].container)]);
  return `The requests go to ${before.api} and ${before.console} again; ${refused.map((upstream) => after[upstream]).join(" and ")} stopped.`;
}

/** The one before runs, or could be started again: an update that stops the old release first leaves it there. */
async function comesBack(docker: DockerClient, name: string): Promise<boolean> {
  if (await serves(docker, name)) return true;
  if ((await inspectContainer(docker, name)) === undefined) return false;
  await docker.run(["start", name]);
  return true;
}

function namesOf({ targets }: Input): Pointers {
  return { api: targets.api.name, console: targets.console.name };
}

function differ(before: Pointers, after: Pointers): boolean {
  return before.api !== after.api || before.console !== after.console;
}

async function report({ stack, release }: Input, docker: DockerClient, why: string, undone: string): Promise<string> {
  return [`${release.tag} is refused: ${why}.`, undone, "What runs now:", await runningNow(docker, stack), NEXT].join(
    "\n",
  );
}
