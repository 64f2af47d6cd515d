import * as pulumi from "@pulumi/pulumi";
import { DockerClient, DockerError } from "./docker/client";
import type { HostFacts } from "./host/facts";
import { inspectHost } from "./host/inspect";
import { busy, takeLock } from "./host/lock";
import { type Plan, plan, type Unreachable } from "./release/plan";
import { summary } from "./release/summary";
import type { Settings } from "./settings/schema";

/**
 * Looks at the Docker host, says what the update will do, and refuses it when it must not be done: before the first
 * resource is registered, in preview as in update. An update then works alone on the stack, whatever checkout and
 * state backend it comes from.
 */
export async function prepareUpdate(name: string, settings: Settings): Promise<Plan> {
  const stack = pulumi.getStack();
  const docker = new DockerClient(settings.dockerHost);
  const host = await inspect(docker, name, stack, settings);
  if (!pulumi.runtime.isDryRun()) await workAlone(docker, name, host);
  const last = "unreachable" in host ? await lastUpdate(stack) : {};
  const planned = plan(stack, settings, host, last);
  if (planned.kind === "refusal") throw new pulumi.RunError(summary(planned));
  await pulumi.log.info(summary(planned));
  return planned;
}

async function inspect(
  docker: DockerClient,
  name: string,
  stack: string,
  settings: Settings,
): Promise<HostFacts | Unreachable> {
  try {
    await docker.run(["version", "--format", "{{.Server.Version}}"]);
  } catch (error) {
    if (error instanceof DockerError) return { unreachable: `${docker.host}: ${error.stderr.trim()}` };
    throw error;
  }
  return inspectHost(docker, name, stack, settings);
}

/** The program lives until the last resource is done, and its lock as long as it. */
async function workAlone(docker: DockerClient, name: string, host: HostFacts | Unreachable): Promise<void> {
  if ("unreachable" in host)
    throw new pulumi.RunError(`The Docker host cannot be reached; nothing was touched.\n${host.unreachable}`);
  const lock = await takeLock(docker, name);
  if ("release" in lock) {
    process.once("exit", lock.release);
    return;
  }
  throw new pulumi.RunError(busy(lock, name, docker.host));
}

/** The release of the last good update, from the stack's own outputs: all there is where the host is out of reach. */
async function lastUpdate(stack: string): Promise<{ version?: string }> {
  const reference = new pulumi.StackReference(`${pulumi.getOrganization()}/${pulumi.getProject()}/${stack}`);
  const version = (await reference.getOutputDetails("release")).value as string | undefined;
  return version === undefined ? {} : { version };
}
