import * as pulumi from "@pulumi/pulumi";
import { DockerClient, DockerError } from "./docker/client";
import { endUnheard, endWithEngine } from "./host/abandonment";
import type { HostFacts } from "./host/facts";
import { inspectHost } from "./host/inspect";
import { busy, type Lock, takeLock } from "./host/lock";
import { revive } from "./host/revival";
import { isUnfinished, recover } from "./host/unfinished";
import { refusal } from "./refusal";
import { type LastUpdate, type Plan, plan, type Unreachable } from "./release/plan";
import { summary } from "./release/summary";
import type { Settings } from "./settings/schema";

/**
 * Looks at the Docker host, says what the update will do, and refuses it when it must not be done: before the first
 * resource is registered, in preview as in update. An update works alone on the stack, whatever checkout and state
 * backend it comes from, from before it looks: what it sees must still be so when it acts.
 */
export async function prepareUpdate(name: string, settings: Settings): Promise<Plan> {
  endWithEngine();
  endUnheard();
  const stack = pulumi.getStack();
  // Several at once would take the host's processor from what serves there.
  const docker = new DockerClient(settings.dockerHost, 1);
  const [unreachable, last] = await Promise.all([whyUnreachable(docker), lastUpdate(stack)]);
  if (!pulumi.runtime.isDryRun()) {
    await workAlone(docker, name, unreachable);
    const revived = await revive(docker, stack);
    if (revived.length > 0) await pulumi.log.warn(`${revived.join(", ")} did not run, though it should; started again`);
    if (await isUnfinished(docker, name)) await recoverFrom(docker, stack, settings);
  }
  const host = unreachable ?? seen(await inspectHost(docker, name, stack, settings), docker, last);
  const planned = plan(stack, settings, host, last);
  if (planned.kind === "refusal") throw refusal(summary(planned));
  await pulumi.log.info(summary(planned));
  return planned;
}

async function whyUnreachable(docker: DockerClient): Promise<Unreachable | undefined> {
  try {
    await docker.run(["version", "--format", "{{.Server.Version}}"]);
    return undefined;
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    return { unreachable: `the host cannot be reached (${docker.host}: ${error.stderr.trim()})` };
  }
}

/**
 * A host without a single container of a stack that has served is most likely the wrong one, and a preview says so
 * instead of planning an install. An update goes on, because after `--refresh` the same is the way to bring containers
 * back that were removed by hand; its plan warns.
 */
function seen(facts: HostFacts, docker: DockerClient, last: LastUpdate): HostFacts | Unreachable {
  return pulumi.runtime.isDryRun() && last.version !== undefined && facts.containers.length === 0
    ? { unreachable: `${docker.host} has no container of this stack` }
    : facts;
}

async function workAlone(docker: DockerClient, name: string, unreachable: Unreachable | undefined): Promise<void> {
  if (unreachable) throw refusal(`Nothing was touched: ${unreachable.unreachable}`);
  const lock = await takeLock(docker, name);
  if (!("release" in lock)) throw refusal(busy(lock, name, docker.host));
  releaseAtExit(lock);
}

async function recoverFrom(docker: DockerClient, stack: string, { version }: Settings): Promise<void> {
  try {
    await pulumi.log.warn(await recover(docker, stack, version.tag));
  } catch (error) {
    throw refusal(
      `What a killed update has left could not be cleared: ${(error as { stderr?: string }).stderr?.trim() ?? String(error)}\nNext: scripts/restore.sh --stack ${stack} --recover`,
    );
  }
}

/** The program lives until the last resource is done, and its lock as long as it. By default a signal skips "exit". */
function releaseAtExit({ release }: Lock): void {
  process.once("exit", release);
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => {
      release();
      process.kill(process.pid, signal);
    });
}

/**
 * What the last good update brought, from the stack's own outputs: nothing on a new stack. By the engine's call that
 * StackReference is made of, and not by that resource: it would keep a copy of the outputs in the state, which every
 * refresh then finds changed.
 */
async function lastUpdate(stack: string): Promise<LastUpdate> {
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${stack}`;
  const read = (await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name })) as {
    outputs?: { release?: string };
  };
  return { version: read.outputs?.release };
}
