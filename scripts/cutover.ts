import { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { runningNow } from "./lib/containers";
import { target, waitUntilHealthy } from "./lib/health";
import { type Pointers, readPointers, serves, writePointers } from "./lib/pointers";
import { NEXT, Refusal, run, say } from "./lib/run";
import { expectation, verify } from "./lib/verification";

const named = target.extend({ name: z.string() });
const input = expectation.extend({ stack: z.string(), targets: z.object({ api: named, console: named }) });
type Input = z.infer<typeof input>;

/**
 * Sends the requests to the new containers and verifies from outside; sends them back when that fails. Idempotent:
 * killed at any moment and run again, it ends in the same place.
 */
void run(input, async (asked) => {
  const docker = new DockerClient(asked.dockerHost);
  const before = await readPointers(docker, asked.caddy);
  const after: Pointers = { api: asked.targets.api.name, console: asked.targets.console.name };
  try {
    await ready(asked, docker);
    await writePointers(docker, asked.caddy, after);
    if (before.api !== after.api || before.console !== after.console)
      say(`requests go to ${after.api} and ${after.console}`);
    return JSON.stringify(await verify(asked, docker));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const undone = await goBack(asked, docker, before, after);
    throw new Refusal(await report(asked, docker, error.message, undone));
  }
});

async function ready({ targets, timeoutSeconds }: Input, docker: DockerClient): Promise<void> {
  for (const [role, service] of Object.entries(targets)) {
    const refusal = await waitUntilHealthy(docker, service, timeoutSeconds);
    if (refusal !== undefined) throw new Refusal(`${role} is not healthy: ${refusal}`);
  }
}

/** What was done about the failure, for the report. The refused containers are stopped once nobody is sent there. */
async function goBack(asked: Input, docker: DockerClient, before: Pointers, after: Pointers): Promise<string> {
  const changed = before.api !== after.api || before.console !== after.console;
  if (!changed) return "The requests went to the same containers before; nothing was changed.";
  if (!(await serves(docker, before.api)) || !(await serves(docker, before.console))) {
    return "No container from before runs any more; the requests still go to the new ones.";
  }
  await writePointers(docker, asked.caddy, before);
  const refused = (["api", "console"] as const).filter((upstream) => before[upstream] !== after[upstream]);
  await docker.run(["stop", ...refused.map((upstream) => asked.targets[upstream].container)]);
  return `The requests go to ${before.api} and ${before.console} again; ${refused.map((upstream) => after[upstream]).join(" and ")} stopped.`;
}

async function report({ stack, release }: Input, docker: DockerClient, why: string, undone: string): Promise<string> {
  return [`${release.tag} is refused: ${why}.`, undone, "What runs now:", await runningNow(docker, stack), NEXT].join(
    "\n",
  );
}
