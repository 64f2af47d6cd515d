import type { DockerClient } from "../../host/docker/client";
import { isOneOf, WRITERS } from "../../release/names";
import { containersOf, isUp } from "../../host/docker/containers";
import { script, up } from "../../release/commands";
import { takeBackup } from "../backup/backup";
import { complaint } from "../../host/database/database";
import { PatientClient } from "../../host/docker/patient-client";
import { Routing } from "../../host/routing/routing";
import { restartPrevious, stopWriters } from "../../host/routing/writers";
import { reasonOf, report } from "../../host/report";
import { findStack } from "../../host/stack";
import { persistently, undoing } from "../../host/undoing";
import type { Request } from "./request";

/**
 * Prepares api and workers of the old release for the start of the new one. Mostly they go on: the two releases run
 * side by side. Where the releases cannot, api and workers stop, and a second backup is taken, which contains what was
 * written since the first one. From then until the cutover Caddy holds the requests; a browser that waits too long gets
 * a page that reloads itself.
 */
export async function recreate(asked: Request): Promise<string | undefined> {
  const docker = new PatientClient(asked.dockerHost);
  await Routing.of(docker, asked.caddy).requestImmediateCutover(asked.action === "hurry");
  return asked.action === "stop" ? stop(docker, asked) : undefined;
}

async function stop(docker: DockerClient, asked: Request): Promise<string | undefined> {
  const { stack, caddy, postgres, version, keep, acceptSmaller, compared, spare } = asked;
  const writers = (await containersOf(docker, stack)).filter(
    (container) => isUp(container) && isOneOf(WRITERS, container.role) && container.version !== asked.target,
  );
  if (writers.length === 0) return undefined;
  const { images } = await findStack(docker, stack);
  const second = { postgres, version, images, keep, acceptSmaller, compared, spare, readBack: true };
  const manifest = await undoing(
    async (signal) => {
      await stopWriters(docker, Routing.of(docker, caddy), writers);
      const taken = await takeBackup(docker, second, signal);
      signal.throwIfAborted();
      return taken;
    },
    async ({ error }) =>
      report(docker, {
        stack,
        lines: [`${asked.target} was not started: ${reasonOf(error)}`, await undo(docker, asked)],
        change: { from: version, to: asked.target },
      }),
  );
  return JSON.stringify({ backup: manifest?.id ?? null });
}

/** Starts the old release again, where it was stopped. Gives what was done, for the report. */
async function undo(docker: DockerClient, { caddy, stack }: Request): Promise<string> {
  try {
    const restarted = await persistently(() => restartPrevious(docker, Routing.of(docker, caddy), stack));
    return restarted.length > 0 ? `Started again: ${restarted.join(", ")}.` : "The old release still runs.";
  } catch (error) {
    return `Starting the old release again failed, too: ${complaint(error)}. Requests wait until \`${up(stack)}\`, or ${script({ name: "restore", stack, host: docker.host, options: ["--recover"] })}, has started it.`;
  }
}
